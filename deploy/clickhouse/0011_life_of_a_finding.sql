-- The life of a finding: why it is gone, and every version of it, for good.

ALTER TABLE {store}.inconsistencies
    ADD COLUMN IF NOT EXISTS reason LowCardinality(String)
    COMMENT 'Why it is retracted or superseded: late_event, correction, merge, split, knowledge, stronger_rule, rule_failed, settings'
    AFTER superseded_by;

-- ReplacingMergeTree lets go of earlier versions in its own time; here the version is part of the key, so that each stays.
-- The view below copies rows as they come and sums nothing: a block that is sent twice changes nothing here either.
CREATE TABLE IF NOT EXISTS {store}.inconsistency_versions AS {store}.inconsistencies
ENGINE = ReplacingMergeTree
ORDER BY (inconsistency_id, version);

CREATE MATERIALIZED VIEW IF NOT EXISTS {store}.inconsistency_versions_of TO {store}.inconsistency_versions AS
SELECT * FROM {store}.inconsistencies;

INSERT INTO {store}.inconsistency_versions SELECT * FROM {store}.inconsistencies;

-- A view keeps the columns that it was made with.
CREATE OR REPLACE VIEW {views}.inconsistencies DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted, superseded_by, reason)
FROM {store}.inconsistencies FINAL
WHERE status NOT IN ('retracted', 'superseded');

CREATE OR REPLACE VIEW {views}.inconsistencies_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * FROM {store}.inconsistency_versions FINAL;

-- One row per finding that was ever told. Its customer's merge takes it from one customer to another: that is no new opening.
CREATE OR REPLACE VIEW {views}.finding_life DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    each.inconsistency_id                                           AS inconsistency_id,
    each.rule                                                       AS rule,
    argMaxIf(each.subject, each.version, is_told)                   AS subject,
    argMaxIf(each.sentence, each.version, is_told)                  AS sentence,
    argMax(each.customer, each.version)                             AS customer,
    argMax(each.status, each.version)                               AS status,
    argMax(each.reason, each.version)                               AS gone_by,
    argMax(each.superseded_by, each.version)                        AS superseded_by,
    argMax(each.resolved_by, each.version)                          AS resolved_by,
    argMax(tuple(each.resolved_at), each.version).1                 AS resolved_at,
    minIf(each.detected_at, is_told)                                AS first_told_at,
    max(each.detected_at)                                           AS last_changed_at,
    countIf(opens_again)                                            AS reopened,
    if(reopened = 0, NULL, maxIf(each.detected_at, opens_again))    AS reopened_at,
    count()                                                         AS versions
FROM
(
    SELECT
        *,
        status IN ('open', 'resolved') AS is_told,
        lagInFrame(toString(status), 1, '') OVER life AS before,
        lagInFrame(toString(reason), 1, '') OVER life AS gone_before,
        status = 'open' AND (before = 'resolved' OR (before IN ('retracted', 'superseded') AND gone_before NOT IN ('merge', 'split')))
            AS opens_again
    FROM {store}.inconsistency_versions FINAL
    WINDOW life AS (PARTITION BY inconsistency_id ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
) AS each
GROUP BY inconsistency_id, rule;

-- Per rule, what became of what it told. `gone_by` names the reasons of those that are gone, each with its number.
CREATE OR REPLACE VIEW {views}.finding_outcomes DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    rule,
    count()                                                   AS raised,
    countIf(status = 'open')                                  AS still_open,
    countIf(status = 'resolved')                              AS resolved,
    countIf(status = 'retracted')                             AS retracted,
    countIf(status = 'superseded')                            AS superseded,
    countIf(reopened > 0)                                     AS reopened,
    sumMap(if(gone_by = '', map(), map(gone_by, toUInt64(1)))) AS gone_by,
    round(100 * (retracted + superseded) / raised, 2)         AS gone_percent
FROM {views}.finding_life
GROUP BY rule;
