-- Measures of journeys: each is defined in docs/measures.md. Times are in seconds.

ALTER TABLE {store}.journeys
    ADD COLUMN IF NOT EXISTS duration_s            Float64 COMMENT 'From the first touchpoint to the goal, else to the last touchpoint' AFTER moments,
    ADD COLUMN IF NOT EXISTS longest_gap_s         Float64 COMMENT 'Longest time between two touchpoints in a row' AFTER duration_s,
    ADD COLUMN IF NOT EXISTS median_gap_s          Float64 COMMENT 'Median of these, of the first 500' AFTER longest_gap_s,
    ADD COLUMN IF NOT EXISTS repeats               UInt32  COMMENT 'How often it came back to a step that it had left' AFTER median_gap_s,
    ADD COLUMN IF NOT EXISTS device_changes        UInt32  COMMENT 'How often the device changed, of those named' AFTER repeats,
    ADD COLUMN IF NOT EXISTS indirect_touchpoints  UInt32  COMMENT 'Without contact with the company itself' AFTER device_changes,
    ADD COLUMN IF NOT EXISTS moments_of_truth      UInt32  COMMENT 'Touchpoints whose outcome decides the rest' AFTER indirect_touchpoints,
    ADD COLUMN IF NOT EXISTS open_promises         UInt32  COMMENT 'Made in it, neither kept nor withdrawn' AFTER moments_of_truth,
    ADD COLUMN IF NOT EXISTS buyer_touchpoints     UInt32  COMMENT 'In awareness, consideration or decision' AFTER open_promises,
    ADD COLUMN IF NOT EXISTS delight_touchpoints   UInt32  COMMENT 'In service or loyalty' AFTER buyer_touchpoints,
    ADD COLUMN IF NOT EXISTS phases                Array(LowCardinality(String)) COMMENT 'In order of first reach' AFTER delight_touchpoints,
    ADD COLUMN IF NOT EXISTS phase_transitions     UInt32  COMMENT 'How often the phase changed' AFTER phases,
    ADD COLUMN IF NOT EXISTS phase_returns         UInt32  COMMENT 'How often it changed to an earlier one' AFTER phase_transitions,
    ADD COLUMN IF NOT EXISTS phases_skipped        Array(LowCardinality(String)) COMMENT 'Required ones before the furthest that it was never in' AFTER phase_returns,
    ADD COLUMN IF NOT EXISTS furthest_step         LowCardinality(String) COMMENT 'Last step of the plan that it reached' AFTER phases_skipped,
    ADD COLUMN IF NOT EXISTS steps_missed          Array(LowCardinality(String)) COMMENT 'Required ones before the furthest that it did not reach' AFTER furthest_step,
    ADD COLUMN IF NOT EXISTS steps_late            Array(LowCardinality(String)) COMMENT 'Reached later than expected' AFTER steps_missed,
    ADD COLUMN IF NOT EXISTS touchpoints_unplanned UInt32  COMMENT 'That the plan does not have, or not in that channel' AFTER steps_late,
    ADD COLUMN IF NOT EXISTS unplanned             Array(Tuple(step String, channel String)) COMMENT 'Each of these once' AFTER touchpoints_unplanned,
    ADD COLUMN IF NOT EXISTS drop_off_step         LowCardinality(String) COMMENT 'Where a dropped journey ended' AFTER unplanned,
    ADD COLUMN IF NOT EXISTS drop_off_at           Nullable(DateTime64(6, 'UTC')) COMMENT 'When a dropped journey had its last touchpoint' AFTER drop_off_step,
    ADD COLUMN IF NOT EXISTS ratings               Array(Tuple(
        scale String, touchpoints Int64, lowest Nullable(Float64), last Nullable(Float64), journey Nullable(Float64)))
        COMMENT 'Scores by scale: of single touchpoints, and of the journey as a whole' AFTER drop_off_at;

-- A view keeps the columns that it was made with.
CREATE OR REPLACE VIEW {views}.journeys DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted, superseded_by)
FROM {store}.journeys FINAL
WHERE status != 'superseded';

CREATE OR REPLACE VIEW {views}.journeys_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * FROM {store}.journeys;
