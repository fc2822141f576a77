MODEL (
  name core.fct_order,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain order_key,
  references (customer_key, store_key),
  depends_on (
    conformed.control_total
  ),
  tags (core, fact),
  audits (
    not_null(
      columns := (
        order_key,
        order_date,
        customer_key,
        store_key,
        channel,
        order_kind,
        status,
        order_amount,
        currency
      )
    ),
    unique_values(columns := (
      order_key
    )),
    references_exist(key := customer_key, parent := core.dim_customer),
    references_exist(key := store_key, parent := core.dim_store),
    order_amount_follows_from_its_parts,
    orders_match_control_total
  ),
  description 'One row per order, with its way to the customer, its payments and its reviews. Filter order_kind = ''sale'' and NOT is_cancelled to count sales. Amounts are in currency: never add them over currencies. Days and review scores are averaged, never added.',
  column_descriptions (
    order_key = 'Surrogate key: hash of source and order.',
    source = 'The shop.',
    order_id = 'The order''s natural key in its source.',
    order_date = 'Business date in the shop''s own time zone; the time column.',
    ordered_at = 'The instant of the order.',
    customer_key = 'The customer as of the order; Unknown where the source names none.',
    store_key = 'The store that sold; Unknown where none did, as on the web.',
    customer_id = 'The customer''s natural key; empty where the source names none.',
    channel = 'Where it was sold: web, marketplace, store.',
    order_kind = 'sale; return and adjustment where the source books these as documents of their own.',
    status = 'created, approved, invoiced, processing, shipped, delivered, completed, cancelled or unavailable.',
    is_cancelled = 'Cancelled or not to be fulfilled: no sale.',
    approved_at = 'When the payment was approved.',
    handed_over_at = 'When the carrier took the goods over.',
    delivered_at = 'When the customer had the goods.',
    delivered_date = 'The day of it in the shop''s own time zone.',
    promised_date = 'The day that was promised at the order.',
    delivery_days = 'Days from order_date to delivered_date. Not additive.',
    delay_days = 'Days from promised_date to delivered_date; negative when early. Not additive.',
    is_late = 'Delivered after the promised day; empty while not delivered or nothing was promised.',
    line_count = 'Lines of the order, whatever their kind.',
    product_quantity = 'Pieces of merchandise; negative on returns.',
    product_amount = 'net_amount of the lines of kind product.',
    freight_amount = 'Freight, booked on lines or as lines.',
    other_amount = 'net_amount of all other lines: fees, vouchers, discounts, corrections.',
    order_amount = 'product_amount + freight_amount + other_amount.',
    payment_count = 'Means of payment used.',
    instalment_count = 'Largest number of instalments of a payment. Not additive.',
    paid_amount = 'What was paid; empty where the source knows no payments.',
    review_count = 'Reviews of the order.',
    review_score = 'Mean score of the reviews, 1 to 5. Not additive.',
    currency = 'Currency of the amounts, ISO 4217.'
  )
);

WITH placed AS (
  SELECT
    *
  FROM conformed."order"
  WHERE
    order_date BETWEEN @start_date AND @end_date
), line_total AS (
  SELECT
    source,
    order_id,
    COUNT(*) AS line_count,
    SUM(quantity) FILTER(WHERE
      line_kind = 'product') AS product_quantity,
    SUM(net_amount) FILTER(WHERE
      line_kind = 'product') AS product_amount,
    SUM(freight_amount) + COALESCE(SUM(net_amount) FILTER(WHERE
      line_kind = 'freight'), 0) AS freight_amount,
    SUM(net_amount) FILTER(WHERE
      NOT line_kind IN ('product', 'freight')) AS other_amount
  FROM conformed.order_line
  WHERE
    order_date BETWEEN @start_date AND @end_date
  GROUP BY
    source,
    order_id
), payment_total AS (
  SELECT
    source,
    order_id,
    COUNT(*) AS payment_count,
    MAX(instalment_count) AS instalment_count,
    SUM(paid_amount) AS paid_amount
  FROM conformed.payment
  WHERE
    order_date BETWEEN @start_date AND @end_date
  GROUP BY
    source,
    order_id
), review_total AS (
  SELECT
    source,
    order_id,
    COUNT(*) AS review_count,
    AVG(score) AS review_score
  FROM conformed.review
  WHERE
    order_date BETWEEN @start_date AND @end_date
  GROUP BY
    source,
    order_id
)
SELECT
  @SURROGATE_KEY(placed.source, placed.order_id)::UUID AS order_key,
  placed.source::TEXT AS source,
  placed.order_id::TEXT AS order_id,
  placed.order_date::DATE AS order_date,
  placed.ordered_at::TIMESTAMPTZ AS ordered_at,
  COALESCE(customer.customer_key, @UNKNOWN_KEY())::UUID AS customer_key,
  COALESCE(store.store_key, @UNKNOWN_KEY())::UUID AS store_key,
  placed.customer_id::TEXT AS customer_id,
  placed.channel::TEXT AS channel,
  placed.order_kind::TEXT AS order_kind,
  placed.status::TEXT AS status,
  placed.is_cancelled::BOOLEAN AS is_cancelled,
  placed.approved_at::TIMESTAMPTZ AS approved_at,
  placed.handed_over_at::TIMESTAMPTZ AS handed_over_at,
  placed.delivered_at::TIMESTAMPTZ AS delivered_at,
  placed.delivered_date::DATE AS delivered_date,
  placed.promised_date::DATE AS promised_date,
  (
    placed.delivered_date - placed.order_date
  )::INT AS delivery_days,
  (
    placed.delivered_date - placed.promised_date
  )::INT AS delay_days,
  (
    placed.delivered_date > placed.promised_date
  )::BOOLEAN AS is_late,
  COALESCE(line_total.line_count, 0)::INT AS line_count,
  COALESCE(line_total.product_quantity, 0)::DECIMAL(18, 3) AS product_quantity,
  COALESCE(line_total.product_amount, 0)::DECIMAL(18, 4) AS product_amount,
  COALESCE(line_total.freight_amount, 0)::DECIMAL(18, 4) AS freight_amount,
  COALESCE(line_total.other_amount, 0)::DECIMAL(18, 4) AS other_amount,
  (
    COALESCE(line_total.product_amount, 0) + COALESCE(line_total.freight_amount, 0) + COALESCE(line_total.other_amount, 0)
  )::DECIMAL(18, 4) AS order_amount,
  COALESCE(payment_total.payment_count, 0)::INT AS payment_count,
  payment_total.instalment_count::INT AS instalment_count,
  payment_total.paid_amount::DECIMAL(18, 4) AS paid_amount,
  COALESCE(review_total.review_count, 0)::INT AS review_count,
  review_total.review_score::DECIMAL(5, 4) AS review_score,
  placed.currency::TEXT AS currency
FROM placed
LEFT JOIN line_total
  ON line_total.source = placed.source AND line_total.order_id = placed.order_id
LEFT JOIN payment_total
  ON payment_total.source = placed.source AND payment_total.order_id = placed.order_id
LEFT JOIN review_total
  ON review_total.source = placed.source AND review_total.order_id = placed.order_id
LEFT JOIN core.dim_customer AS customer
  ON customer.source = placed.source
  AND customer.customer_id = placed.customer_id
  AND placed.ordered_at >= customer.valid_from_at
  AND placed.ordered_at < customer.valid_to_at
LEFT JOIN core.dim_store AS store
  ON store.source = placed.source
  AND store.store_kind = 'store'
  AND store.store_id = placed.store_id;

@INDEX_ON(order_date);

@INDEX_ON(order_key);

@INDEX_ON_ROWS(customer_key = @UNKNOWN_KEY() AND NOT customer_id IS NULL, order_date)
