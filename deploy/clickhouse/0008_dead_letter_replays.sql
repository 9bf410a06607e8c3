-- Which dead letters were published again, and when last. The letter itself stays as it is: it died, and its event came once more.
CREATE TABLE IF NOT EXISTS {store}.dead_letter_replays
(
    dead_letter_id String               COMMENT 'Letter that was published again',
    replayed_at    DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(replayed_at)
ORDER BY dead_letter_id;

-- Neither the sealed bytes nor the event's number: it may be a person's.
CREATE OR REPLACE VIEW {views}.dead_letters DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    letters.dead_letter_id AS dead_letter_id, reason, field, detail, channel, topic, partition, offset, received_at, died_at, content_hash,
    size_bytes, if(replays.dead_letter_id = '', NULL, replays.at) AS replayed_at
FROM {store}.dead_letters AS letters FINAL
LEFT JOIN (SELECT dead_letter_id, max(replayed_at) AS at FROM {store}.dead_letter_replays GROUP BY dead_letter_id) AS replays
    ON replays.dead_letter_id = letters.dead_letter_id;
