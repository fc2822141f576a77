MODEL (
  name mart.category_sales_daily,
  kind FULL,
  owner analytics_engineering,
  grain (source, sales_date, channel, category, currency),
  tags (mart, sales),
  audits (
    not_null(
      columns := (source, sales_date, channel, category, currency, net_amount, order_count)
    ),
    unique_combination_of_columns(columns := (source, sales_date, channel, category, currency)),
    totals_match(
      columns := (source, sales_date, channel, currency),
      measures := (
        gross_amount,
        discount_amount,
        return_amount,
        return_by_sale_date_amount,
        net_amount,
        net_by_sale_date_amount,
        tax_amount,
        unit_count,
        return_unit_count
      ),
      parent := mart.sales_daily,
      parent_columns := (source, sales_date, channel, currency),
      parent_measures := (
        gross_amount,
        discount_amount,
        return_amount,
        return_by_sale_date_amount,
        net_amount,
        net_by_sale_date_amount,
        tax_amount,
        unit_count,
        return_unit_count
      )
    )
  ),
  depends_on (
    mart.sales_daily
  ),
  description 'One row per source, day, channel, category of the product as of the order, and currency. Freight belongs to no category. Amounts are in currency: never add them over currencies. order_count is not additive over categories, because an order may hold several. Answers: which categories sell, where and when.',
  column_descriptions (
    source = 'The shop.',
    sales_date = 'Business date in the shop''s own time zone: the day of the order, for returns that of the refund.',
    channel = 'Where it was sold: web, marketplace, store.',
    category = 'Category of the product as of the order; unknown where the source tells none.',
    gross_amount = 'List price × quantity of the merchandise sold, before discounts and returns; cancelled orders left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    discount_amount = 'What was taken off the list price of the merchandise sold, positive. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_amount = 'Net value of the merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_by_sale_date_amount = 'Net value of the merchandise that came back, positive, on the day on which it had been sold; on the day of the return''s own document where the sale is not known. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_by_sale_date_amount = 'Gross sales less discounts less returns on the day of the sale: what of a day''s sales was kept. Recent days go down as goods come back. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    tax_amount = 'Tax that net sales contain; empty where the source tells none. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    order_count = 'Orders that sold merchandise, cancelled ones left out; a document of returns, corrections or stock movements alone is none. Adds up over time, channel, store, place and customer.',
    unit_count = 'Pieces of merchandise sold; returned pieces are not taken off. Adds up over time, channel, store, place, category, product and customer.',
    return_unit_count = 'Pieces of merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer.',
    currency = 'Currency of the amounts, ISO 4217.'
  )
);

/* Lines of an order and category together first, so that orders are counted and not sorted. */
WITH line AS (
  SELECT
    line.order_key,
    COALESCE(product.category, 'unknown') AS category,
    line.is_return,
    COALESCE(line.return_date, line.order_date) AS sales_date,
    COALESCE(bridge.sale_date, line.order_date) AS sale_date,
    SUM(line.list_amount) AS list_amount,
    SUM(line.discount_amount) AS discount_amount,
    SUM(line.net_amount) AS net_amount,
    SUM(line.tax_amount) AS tax_amount,
    SUM(line.quantity) AS quantity
  FROM core.fct_order_line AS line
  JOIN core.dim_product AS product
    ON product.product_key = line.product_key
  LEFT JOIN core.bridge_return AS bridge
    ON line.is_return AND bridge.return_line_key = line.order_line_key
  WHERE
    line.line_kind = 'product' AND NOT line.is_cancelled
  GROUP BY
    line.order_key,
    COALESCE(product.category, 'unknown'),
    line.is_return,
    COALESCE(line.return_date, line.order_date),
    COALESCE(bridge.sale_date, line.order_date)
), movement AS (
  SELECT
    order_key,
    category,
    sales_date,
    list_amount AS gross_amount,
    discount_amount,
    0 AS return_amount,
    0 AS return_by_sale_date_amount,
    tax_amount,
    1 AS order_count,
    quantity AS unit_count,
    0 AS return_unit_count
  FROM line
  WHERE
    NOT is_return
  UNION ALL
  SELECT
    order_key,
    category,
    sales_date,
    0,
    0,
    -net_amount,
    0,
    tax_amount,
    0,
    0,
    -quantity
  FROM line
  WHERE
    is_return
  UNION ALL
  SELECT
    order_key,
    category,
    sale_date,
    0,
    0,
    0,
    -net_amount,
    NULL,
    0,
    0,
    0
  FROM line
  WHERE
    is_return
)
SELECT
  placed.source::TEXT AS source,
  movement.sales_date::DATE AS sales_date,
  placed.channel::TEXT AS channel,
  movement.category::TEXT AS category,
  SUM(movement.gross_amount)::DECIMAL(18, 4) AS gross_amount,
  SUM(movement.discount_amount)::DECIMAL(18, 4) AS discount_amount,
  SUM(movement.return_amount)::DECIMAL(18, 4) AS return_amount,
  SUM(movement.return_by_sale_date_amount)::DECIMAL(18, 4) AS return_by_sale_date_amount,
  SUM(movement.gross_amount - movement.discount_amount - movement.return_amount)::DECIMAL(18, 4) AS net_amount,
  SUM(
    movement.gross_amount - movement.discount_amount - movement.return_by_sale_date_amount
  )::DECIMAL(18, 4) AS net_by_sale_date_amount,
  SUM(movement.tax_amount)::DECIMAL(18, 4) AS tax_amount,
  SUM(movement.order_count)::BIGINT AS order_count,
  SUM(movement.unit_count)::BIGINT AS unit_count,
  SUM(movement.return_unit_count)::BIGINT AS return_unit_count,
  placed.currency::TEXT AS currency
FROM movement
JOIN core.fct_order AS placed
  ON placed.order_key = movement.order_key
GROUP BY
  placed.source,
  movement.sales_date,
  placed.channel,
  movement.category,
  placed.currency;

@INDEX_ON(source, sales_date)
