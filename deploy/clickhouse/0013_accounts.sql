-- Journeys of accounts (companies for which several customers act), beside those of their customers. A row without a customer is an account's.

ALTER TABLE {store}.touchpoints ADD INDEX IF NOT EXISTS by_account account TYPE bloom_filter(0.01);
ALTER TABLE {store}.journeys ADD INDEX IF NOT EXISTS by_account account TYPE bloom_filter(0.01);

-- Customers' journeys alone: what an account shares would else be counted twice.
CREATE OR REPLACE VIEW {views}.journeys DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted, superseded_by)
FROM {store}.journeys FINAL
WHERE status != 'superseded' AND customer != '';

-- customers: who took part, as who is who now; of long journeys, in the first 500 touchpoints.
CREATE OR REPLACE VIEW {views}.account_journeys DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT went.*, took_part.customers AS customers, length(took_part.customers) AS customers_count
FROM
(
    SELECT * EXCEPT (version, is_deleted, superseded_by, customer)
    FROM {store}.journeys FINAL
    WHERE status != 'superseded' AND customer = ''
) AS went
LEFT JOIN
(
    SELECT journey_id, arraySort(groupUniqArray(seen.customer)) AS customers
    FROM
    (
        SELECT journey_id, arrayJoin(moments.event_id) AS event_id
        FROM {store}.journeys FINAL
        WHERE status != 'superseded' AND customer = ''
    ) AS shown
    INNER JOIN (SELECT event_id, customer FROM {views}.touchpoints WHERE account != '') AS seen USING (event_id)
    GROUP BY journey_id
) AS took_part USING (journey_id);

-- Every account: its customers, and how its journeys stand.
CREATE OR REPLACE VIEW {views}.accounts DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    account,
    touchpoints,
    customers,
    channels,
    first_at,
    last_at,
    journeys,
    open,
    completed,
    dropped
FROM
(
    SELECT
        account,
        count()              AS touchpoints,
        uniqExact(customer)  AS customers,
        arraySort(groupUniqArray(toString(channel))) AS channels,
        min(corrected_at)    AS first_at,
        max(corrected_at)    AS last_at
    FROM {views}.touchpoints
    WHERE account != ''
    GROUP BY account
) AS seen
LEFT JOIN
(
    SELECT
        account,
        count()                       AS journeys,
        countIf(status = 'open')      AS open,
        countIf(status = 'completed') AS completed,
        countIf(status = 'dropped')   AS dropped
    FROM {store}.journeys FINAL
    WHERE status != 'superseded' AND customer = ''
    GROUP BY account
) AS went USING (account);
