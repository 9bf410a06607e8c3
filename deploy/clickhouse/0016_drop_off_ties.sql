-- drop_off: of channels in which as many journeys ended, the first by name is told, whatever order the rows are read in.

CREATE OR REPLACE VIEW {views}.drop_off DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    process,
    step,
    uniqExact(journey_id)                                            AS journeys,
    uniqExactIf(journey_id, status = 'dropped' AND last_step = step) AS dropped,
    round(dropped / journeys, 4)                                     AS drop_off_rate,
    arraySort((channel, n) -> (-toInt64(n), channel), ended.1, ended.2)[1] AS most_often_in_channel
FROM
(
    SELECT
        process, step, journey_id, status, last_step, ended
    FROM
    (
        SELECT journey_id, process, status, last_step, arrayJoin(arrayDistinct(arrayPushBack(moments.step, last_step))) AS step
        FROM {views}.journeys
    ) AS reached
    LEFT JOIN
    (
        SELECT process, last_step AS step, sumMap([toString(last_channel)], [toUInt64(1)]) AS ended
        FROM {views}.journeys
        WHERE status = 'dropped'
        GROUP BY process, step
    ) AS ends USING (process, step)
)
GROUP BY process, step, ended;
