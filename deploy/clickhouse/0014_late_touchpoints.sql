-- Live touchpoints that reached us more than the horizon (48 hours) after they happened. They count as any other: what had been said
-- without them was folded again. Imports have a time of their own, in which nothing is late.
CREATE OR REPLACE VIEW {views}.late_touchpoints DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    event_id,
    customer,
    channel,
    source,
    kind,
    occurred_at,
    corrected_at,
    received_at,
    dateDiff('second', corrected_at, received_at) AS late_s
FROM {views}.touchpoints
WHERE replay = '' AND received_at > corrected_at + INTERVAL 48 HOUR;
