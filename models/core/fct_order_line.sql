MODEL (
  name core.fct_order_line,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain order_line_key,
  references (order_key, customer_key, product_key, seller_key, store_key),
  depends_on (
    conformed.control_total
  ),
  tags (core, fact),
  audits (
    not_null(
      columns := (
        order_line_key,
        order_key,
        order_date,
        customer_key,
        product_key,
        seller_key,
        store_key,
        quantity,
        net_amount,
        currency
      )
    ),
    unique_values(columns := (
      order_line_key
    )),
    references_exist(key := customer_key, parent := core.dim_customer),
    references_exist(key := product_key, parent := core.dim_product),
    references_exist(key := seller_key, parent := core.dim_seller),
    references_exist(key := store_key, parent := core.dim_store),
    net_amount_follows_from_its_parts,
    lines_match_control_total
  ),
  description 'One row per order line. Only lines of kind product are merchandise; freight, fees and corrections that a source books as lines keep their kind. Amounts are in currency: never add them over currencies. unit_price_amount is not additive.',
  column_descriptions (
    order_line_key = 'Surrogate key: hash of source, order and line.',
    order_key = 'The order, in core.fct_order.',
    source = 'The shop.',
    order_id = 'The order''s natural key in its source.',
    line_id = 'The line''s natural key within the order; source file and row number where the source has none.',
    order_date = 'Business date in the shop''s own time zone; the time column.',
    ordered_at = 'The instant of the order.',
    customer_key = 'The customer as of the order; Unknown where the source names none.',
    product_key = 'The product as of the order.',
    seller_key = 'The seller; Unknown where the shop sells itself.',
    store_key = 'The store that sold; Unknown where none did, as on the web.',
    customer_id = 'The customer''s natural key; empty where the source names none.',
    product_id = 'The product''s natural key.',
    line_kind = 'product, gift_voucher, freight, discount, fee, manual, sample, adjustment, test or stock_movement.',
    quantity = 'Pieces; negative on returns.',
    unit_price_amount = 'Price of a piece before discounts. Not additive.',
    list_amount = 'quantity × unit_price_amount.',
    discount_amount = 'What was taken off, positive on sales.',
    net_amount = 'list_amount less discount_amount, before freight; negative on returns.',
    tax_amount = 'The tax that is part of net_amount; empty where the source does not tell it.',
    freight_amount = 'Freight that the source books on the line itself.',
    currency = 'Currency of the amounts, ISO 4217.',
    promotion_code = 'The offer that the discount comes from; empty where there was none or the source does not tell it.',
    is_return = 'Merchandise or a voucher came back: quantity and net_amount are negative.',
    return_date = 'The day it came back, in the shop''s own time zone; only on returns. order_date is the day of the document that it is booked on: a receipt of its own, or the web order that had sold it.',
    is_cancelled = 'The order was cancelled or could not be fulfilled: the line is no sale.'
  )
);

WITH line AS (
  SELECT
    *
  FROM conformed.order_line
  WHERE
    order_date BETWEEN @start_date AND @end_date
)
SELECT
  @SURROGATE_KEY(line.source, line.order_id, line.line_id)::UUID AS order_line_key,
  @SURROGATE_KEY(line.source, line.order_id)::UUID AS order_key,
  line.source::TEXT AS source,
  line.order_id::TEXT AS order_id,
  line.line_id::TEXT AS line_id,
  line.order_date::DATE AS order_date,
  line.ordered_at::TIMESTAMPTZ AS ordered_at,
  COALESCE(customer.customer_key, @UNKNOWN_KEY())::UUID AS customer_key,
  COALESCE(product.product_key, @UNKNOWN_KEY())::UUID AS product_key,
  COALESCE(seller.seller_key, @UNKNOWN_KEY())::UUID AS seller_key,
  COALESCE(store.store_key, @UNKNOWN_KEY())::UUID AS store_key,
  line.customer_id::TEXT AS customer_id,
  line.product_id::TEXT AS product_id,
  line.line_kind::TEXT AS line_kind,
  line.quantity::DECIMAL(18, 3) AS quantity,
  line.unit_price_amount::DECIMAL(18, 4) AS unit_price_amount,
  line.list_amount::DECIMAL(18, 4) AS list_amount,
  line.discount_amount::DECIMAL(18, 4) AS discount_amount,
  line.net_amount::DECIMAL(18, 4) AS net_amount,
  line.tax_amount::DECIMAL(18, 4) AS tax_amount,
  line.freight_amount::DECIMAL(18, 4) AS freight_amount,
  line.currency::TEXT AS currency,
  line.promotion_code::TEXT AS promotion_code,
  line.is_return::BOOLEAN AS is_return,
  line.return_date::DATE AS return_date,
  line.is_cancelled::BOOLEAN AS is_cancelled
FROM line
LEFT JOIN core.dim_customer AS customer
  ON customer.source = line.source
  AND customer.customer_id = line.customer_id
  AND line.ordered_at >= customer.valid_from_at
  AND line.ordered_at < customer.valid_to_at
LEFT JOIN core.dim_product AS product
  ON product.source = line.source
  AND product.product_id = line.product_id
  AND line.ordered_at >= product.valid_from_at
  AND line.ordered_at < product.valid_to_at
LEFT JOIN core.dim_seller AS seller
  ON seller.source = line.source AND seller.seller_id = line.seller_id
LEFT JOIN core.dim_store AS store
  ON store.source = line.source
  AND store.store_kind = 'store'
  AND store.store_id = line.store_id;

@INDEX_ON(order_date);

@INDEX_ON(order_key);

@INDEX_ON_ROWS(customer_key = @UNKNOWN_KEY() AND NOT customer_id IS NULL, order_date);

@INDEX_ON_ROWS(product_key = @UNKNOWN_KEY() AND NOT product_id IS NULL, order_date)
