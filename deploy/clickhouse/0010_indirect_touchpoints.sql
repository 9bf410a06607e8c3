-- What customers see, search, read and write beside the company's own channels; which touchpoints are direct, and which digital.

ALTER TABLE {store}.touchpoints
    ADD COLUMN IF NOT EXISTS indirects Array(Tuple(
        action String, review String, campaign String, creative String, medium String, site String, engine String, terms String,
        product String, score Nullable(Float64), best_score Float64)) AFTER content_hash;
ALTER TABLE {store}.touchpoints
    COMMENT COLUMN channel
    'website, app, chat, email, phone, store, survey, occasion, social; indirect: advertisement, search, review';

-- A view keeps the columns that it was made with. Direct: with the company itself. Digital: without going anywhere or holding paper.
CREATE OR REPLACE VIEW {views}.touchpoints DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    event_id,
    if(
        dictGetOrDefault('{store}.customer_of', 'customer', anchor, splitByChar(':', anchor)[2]) != '',
        dictGetOrDefault('{store}.customer_of', 'customer', anchor, splitByChar(':', anchor)[2]),
        arrayFirst(customer -> customer != '', arrayPushBack(
            arrayMap(each -> dictGetOrDefault('{store}.customer_of', 'customer', concat(each.1, ':', each.2), each.2), identifiers),
            lower(substring(hex(SHA256(event_id)), 1, 32))))) AS customer,
    * EXCEPT (event_id, is_deleted, content_hash),
    channel NOT IN ('advertisement', 'search', 'review')
        AND kind NOT IN ('advertisement_seen', 'advertisement_clicked', 'review_read', 'review_written', 'recommended', 'recommendation_heard')
        AS is_direct,
    channel NOT IN ('store', 'occasion')
        AND NOT hasAny(indirects.medium, ['print', 'outdoor', 'television', 'radio', 'cinema'])
        AS is_digital
FROM {store}.touchpoints FINAL;

CREATE OR REPLACE VIEW {views}.touchpoints_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    event_id,
    version,
    if(
        dictGetOrDefault('{store}.customer_of', 'customer', anchor, splitByChar(':', anchor)[2]) != '',
        dictGetOrDefault('{store}.customer_of', 'customer', anchor, splitByChar(':', anchor)[2]),
        arrayFirst(customer -> customer != '', arrayPushBack(
            arrayMap(each -> dictGetOrDefault('{store}.customer_of', 'customer', concat(each.1, ':', each.2), each.2), identifiers),
            lower(substring(hex(SHA256(event_id)), 1, 32))))) AS customer,
    * EXCEPT (event_id)
FROM {store}.touchpoints;

-- Reviews by their numbers, as they stand now. customer: who wrote it; written_at: when it was written first.
CREATE OR REPLACE VIEW {views}.reviews DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    indirect.review                                       AS review,
    argMax(customer, (corrected_at, event_id))            AS customer,
    min(corrected_at)                                     AS written_at,
    toString(argMin(channel, (corrected_at, event_id)))   AS channel,
    argMax(indirect.site, (corrected_at, event_id))       AS site,
    argMax(indirect.product, (corrected_at, event_id))    AS product,
    argMax(indirect.score, (corrected_at, event_id))      AS score,
    argMax(indirect.best_score, (corrected_at, event_id)) AS best_score
FROM {views}.touchpoints
ARRAY JOIN indirects AS indirect
WHERE indirect.action = 'review_written' AND indirect.review != ''
GROUP BY review;

-- Who read a review, as such or as the content of a page, and what followed: one row per review and reader, its writer aside.
-- The last three are the first of their kind after the first reading, NULL for none.
CREATE OR REPLACE VIEW {views}.review_readers DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    review,
    product,
    customer,
    read_at,
    reads,
    channels,
    arrayFirstOrNull(at -> at >= read_at, arraySort(orientations))                                    AS oriented_at,
    arrayFirstOrNull(at -> at >= read_at, arraySort(arrayMap(each -> each.1, purchases)))              AS bought_at,
    arrayFirstOrNull(at -> at >= read_at,
        arraySort(arrayMap(each -> each.1, arrayFilter(each -> has(each.2, product), purchases))))     AS bought_product_at
FROM
(
    SELECT
        review,
        anyIf(of_product, of_product != '') OVER (PARTITION BY review) AS product,
        customer,
        read_at,
        reads,
        channels
    FROM
    (
        SELECT
            review,
            customer,
            anyIf(of_product, of_product != '')          AS of_product,
            minIf(at, is_read)                           AS read_at,
            countIf(is_read)                             AS reads,
            arraySort(groupUniqArrayIf(channel, is_read)) AS channels,
            countIf(is_written)                          AS written
        FROM
        (
            SELECT
                arrayJoin(arrayDistinct(arrayFilter(number -> number != '', arrayPushBack(indirects.review, references.content)))) AS review,
                customer,
                corrected_at                                          AS at,
                toString(channel)                                     AS channel,
                if(empty(indirects.product), '', indirects.product[1]) AS of_product,
                has(indirects.action, 'review_written')               AS is_written,
                kind IN ('review_read', 'page_viewed')                AS is_read
            FROM {views}.touchpoints
            WHERE kind IN ('review_written', 'review_read', 'page_viewed') AND (references.content != '' OR notEmpty(indirects))
        )
        WHERE review IN
        (
            SELECT arrayJoin(indirects.review) FROM {views}.touchpoints WHERE kind IN ('review_written', 'review_read')
        )
        GROUP BY review, customer
    )
    QUALIFY reads > 0 AND written = 0
) AS read
LEFT JOIN
(
    SELECT customer, groupArray(started_at) AS orientations FROM {views}.journeys WHERE process = 'orientation' GROUP BY customer
) AS looked USING (customer)
LEFT JOIN
(
    SELECT
        customer,
        groupArray((corrected_at, arrayDistinct(arrayConcat(
            arrayFlatten(arrayMap(each -> each.lines.product, orders)), visits.product, [references.product])))) AS purchases
    FROM {views}.touchpoints
    WHERE kind IN ('order_placed', 'bought')
    GROUP BY customer
) AS bought USING (customer);

-- What became of each review that a customer wrote: who read it, where, and what those readers did within 14 days.
CREATE OR REPLACE VIEW {views}.review_reach DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    review,
    written.product                                                       AS product,
    score,
    best_score,
    written_at,
    channel                                                               AS written_in,
    countIf(reader != '')                                                 AS readers,
    sum(reads)                                                            AS all_reads,
    arraySort(arrayDistinct(arrayFlatten(groupArray(channels))))          AS read_in,
    countIf(oriented_at <= read_at + INTERVAL 14 DAY)                     AS oriented_14d,
    countIf(bought_at <= read_at + INTERVAL 14 DAY)                       AS bought_14d,
    countIf(bought_product_at <= read_at + INTERVAL 14 DAY)               AS bought_product_14d
FROM {views}.reviews AS written
LEFT JOIN
(
    SELECT review, customer AS reader, read_at, reads, channels, oriented_at, bought_at, bought_product_at FROM {views}.review_readers
) AS each USING (review)
GROUP BY review, product, score, best_score, written_at, written_in;
