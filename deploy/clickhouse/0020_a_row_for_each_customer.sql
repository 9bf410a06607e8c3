-- Two customers who refer to one order or case have one journey id. Each has a row of his own now, so that neither overwrites the other's:
-- whose came last hung on chance, and the desk did not see the journey of the other one.
--
-- A customer who is another one now takes his rows back under his own name, so the customer may stand in the key. Versions are copied as
-- they are; what is copied twice, since this was cut off, is one row again. The next migration drops the table `journeys`.

CREATE TABLE IF NOT EXISTS {store}.journey_rows AS {store}.journeys
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (journey_id, customer);

INSERT INTO {store}.journey_rows SETTINGS optimize_on_insert = 0 SELECT * FROM {store}.journeys;

-- Every customer's own: of a journey that several have a part in, each one's part.
CREATE OR REPLACE VIEW {views}.customer_journeys DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted, superseded_by)
FROM {store}.journey_rows FINAL
WHERE status != 'superseded' AND customer != '';

-- Each journey once: of several customers' parts the one with most touchpoints; of such the one that began first, then the first by customer.
CREATE OR REPLACE VIEW {views}.journeys DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted, superseded_by)
FROM {store}.journey_rows FINAL
WHERE status != 'superseded' AND customer != ''
    AND (journey_id, customer) NOT IN
    (
        SELECT journey_id, arrayJoin(arrayPopFront(arraySort(groupArray((-toInt64(touchpoints), started_at, customer))))).3 AS smaller
        FROM {store}.journey_rows FINAL
        WHERE status != 'superseded' AND customer != '' AND journey_id IN
        (
            SELECT journey_id
            FROM {store}.journey_rows
            WHERE customer != ''
            GROUP BY journey_id
            HAVING min(customer) != max(customer)
            SETTINGS optimize_aggregation_in_order = 1
        )
        GROUP BY journey_id
    );

CREATE OR REPLACE VIEW {views}.journeys_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * FROM {store}.journey_rows;

CREATE OR REPLACE VIEW {views}.account_journeys DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT went.*, took_part.customers AS customers, length(took_part.customers) AS customers_count
FROM
(
    SELECT * EXCEPT (version, is_deleted, superseded_by, customer)
    FROM {store}.journey_rows FINAL
    WHERE status != 'superseded' AND customer = ''
) AS went
LEFT JOIN
(
    SELECT journey_id, arraySort(groupUniqArray(seen.customer)) AS customers
    FROM
    (
        SELECT journey_id, arrayJoin(moments.event_id) AS event_id
        FROM {store}.journey_rows FINAL
        WHERE status != 'superseded' AND customer = ''
    ) AS shown
    INNER JOIN (SELECT event_id, customer FROM {views}.touchpoints WHERE account != '') AS seen USING (event_id)
    GROUP BY journey_id
) AS took_part USING (journey_id);

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
    FROM {store}.journey_rows FINAL
    WHERE status != 'superseded' AND customer = ''
    GROUP BY account
) AS went USING (account);

CREATE OR REPLACE VIEW {views}.end_to_end_journeys DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    customer,
    first_at,
    last_at,
    all_touchpoints                                AS touchpoints,
    toInt64(all_touchpoints) - toInt64(in_process) AS without_process,
    all_channels                                   AS channels,
    journeys,
    processes,
    open,
    completed,
    dropped,
    buyer_touchpoints,
    delight_touchpoints
FROM
(
    SELECT
        customer,
        count()           AS all_touchpoints,
        min(corrected_at) AS first_at,
        max(corrected_at) AS last_at,
        arraySort(groupUniqArray(toString(channel))) AS all_channels
    FROM {views}.touchpoints
    GROUP BY customer
) AS seen
LEFT JOIN
(
    SELECT
        customer,
        count()                       AS journeys,
        sum(touchpoints)              AS in_process,
        arrayMap(each -> each.3, arraySort(groupArray((started_at, journey_id, toString(process))))) AS processes,
        countIf(status = 'open')      AS open,
        countIf(status = 'completed') AS completed,
        countIf(status = 'dropped')   AS dropped,
        sum(buyer_touchpoints)        AS buyer_touchpoints,
        sum(delight_touchpoints)      AS delight_touchpoints
    FROM {views}.customer_journeys
    GROUP BY customer
) AS went USING (customer);
