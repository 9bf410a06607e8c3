-- Disruptions as they opened, grew and closed, and rules that failed on a customer.

-- Columns up to detected_at are the fields of schemas/disruption.avsc. Each record stays: the version is part of the key.
CREATE TABLE IF NOT EXISTS {store}.disruptions
(
    disruption_id   String                 COMMENT 'Hash of rule, subject and channels',
    version         UInt64,
    status          LowCardinality(String) COMMENT 'opened, grown, closed',
    rule            LowCardinality(String),
    subject         String                 COMMENT 'What it is about, as type:number',
    first_channel   LowCardinality(String),
    second_channel  LowCardinality(String) COMMENT 'The one to brief',
    severity        LowCardinality(String) COMMENT 'The worst: critical, warning, info',
    customers       UInt64                 COMMENT 'With an open inconsistency of it',
    inconsistencies UInt64                 COMMENT 'Open ones',
    most_customers  UInt64                 COMMENT 'At the most since it opened',
    times           UInt64                 COMMENT 'How often it has opened, this time included',
    opened_at       DateTime64(6, 'UTC')   COMMENT 'This time',
    closed_at       Nullable(DateTime64(6, 'UTC')),
    detected_at     DateTime64(6, 'UTC')   COMMENT 'When this version was worked out',
    is_deleted      UInt8 DEFAULT 0,
    ingested_at     DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    INDEX by_time opened_at TYPE minmax
)
ENGINE = ReplacingMergeTree
ORDER BY (disruption_id, version);

CREATE OR REPLACE VIEW {views}.disruptions_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (is_deleted) FROM {store}.disruptions FINAL;

-- One row each time that a disruption opened.
CREATE OR REPLACE VIEW {views}.disruption_life DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    each.disruption_id                                  AS disruption_id,
    each.times                                          AS times,
    any(each.rule)                                      AS rule,
    any(each.subject)                                   AS subject,
    any(each.first_channel)                             AS first_channel,
    any(each.second_channel)                            AS second_channel,
    if(argMax(each.status, each.version) = 'closed', 'closed', 'open') AS status,
    argMax(each.severity, each.version)                 AS severity,
    argMin(each.customers, each.version)                AS customers_at_first,
    max(each.most_customers)                            AS most_customers,
    min(each.opened_at)                                 AS opened_at,
    argMax(tuple(each.closed_at), each.version).1       AS closed_at,
    dateDiff('second', opened_at, closed_at)            AS open_s
FROM {store}.disruptions AS each FINAL
GROUP BY each.disruption_id, each.times;

-- Columns up to detected_at are the fields of schemas/rule_failure.avsc.
CREATE TABLE IF NOT EXISTS {store}.rule_failures
(
    failure_id  String                 COMMENT 'Hash of rule and customer',
    version     UInt64,
    rule        LowCardinality(String),
    customer    String                 COMMENT 'Pseudonym of the customer for whom it is left out',
    status      LowCardinality(String) COMMENT 'failed, over',
    event_id    String                 COMMENT 'Touchpoint on which it failed',
    error       LowCardinality(String) COMMENT 'Kind of error',
    detected_at DateTime64(6, 'UTC')   COMMENT 'When this version was worked out',
    is_deleted  UInt8 DEFAULT 0,
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    INDEX by_customer customer TYPE bloom_filter(0.01)
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY failure_id;

CREATE OR REPLACE VIEW {views}.rule_failures DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted) FROM {store}.rule_failures FINAL WHERE status = 'failed';
