MODEL (
  name bi.category_sales,
  kind VIEW,
  owner analytics_engineering,
  grain (source, sales_date, channel, category, currency),
  tags (bi, sales),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, sales_date, channel, category, currency)),
    unique_combination_of_columns(columns := (source, sales_date, channel, category, currency))
  ),
  description 'One row per source, day, channel, category of the product and currency. Never add amounts over currencies, nor orders over categories, because an order may hold several. Answers: which categories sell, where and when.',
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

SELECT
  source::TEXT AS source,
  sales_date::DATE AS sales_date,
  channel::TEXT AS channel,
  category::TEXT AS category,
  gross_amount::DECIMAL(18, 4) AS gross_amount,
  discount_amount::DECIMAL(18, 4) AS discount_amount,
  return_amount::DECIMAL(18, 4) AS return_amount,
  return_by_sale_date_amount::DECIMAL(18, 4) AS return_by_sale_date_amount,
  net_amount::DECIMAL(18, 4) AS net_amount,
  net_by_sale_date_amount::DECIMAL(18, 4) AS net_by_sale_date_amount,
  tax_amount::DECIMAL(18, 4) AS tax_amount,
  order_count::BIGINT AS order_count,
  unit_count::BIGINT AS unit_count,
  return_unit_count::BIGINT AS return_unit_count,
  currency::TEXT AS currency
FROM mart.category_sales_daily
