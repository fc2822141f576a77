MODEL (
  name bi.category_sales_monthly,
  kind VIEW,
  owner analytics_engineering,
  grain (source, month_start_date, channel, category, currency),
  tags (bi, sales),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, month_start_date, channel, category, currency)),
    unique_combination_of_columns(columns := (source, month_start_date, channel, category, currency))
  ),
  description 'One row per source, month, channel (and all channels together, channel = all), category of the product and currency. Growth is empty where one of the two months is incomplete. Never add the channel all to the others, nor amounts over currencies, nor orders over categories, because an order may hold several. Answers: which categories grow, and what share of sales they are.',
  column_descriptions (
    source = 'The shop.',
    month_start_date = 'First day of the month.',
    channel = 'Where it was sold: web, marketplace, store; all for all of them together.',
    category = 'Category of the product as of the order; unknown where the source tells none.',
    is_complete = 'The source covers the whole month.',
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
    net_share_rate = 'Share of the category in net_amount of the month and channel; empty where that was not above zero. Adds up over category only.',
    net_last_month_amount = 'net_amount of the month before; empty where the source begins later. Not additive.',
    net_month_over_month_growth = 'net_amount against the month before: 0.1 is a tenth more. Empty where one of the two is incomplete or that was not above zero. Not additive.',
    net_last_year_amount = 'net_amount of the same month of the year before; empty where the source begins later. Not additive.',
    net_year_over_year_growth = 'net_amount against the same month of the year before: 0.1 is a tenth more. Empty where one of the two is incomplete or that was not above zero. Not additive.',
    currency = 'Currency of the amounts, ISO 4217.'
  )
);

SELECT
  source::TEXT AS source,
  month_start_date::DATE AS month_start_date,
  channel::TEXT AS channel,
  category::TEXT AS category,
  is_complete::BOOLEAN AS is_complete,
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
  net_share_rate::DECIMAL(18, 6) AS net_share_rate,
  net_last_month_amount::DECIMAL(18, 4) AS net_last_month_amount,
  net_month_over_month_growth::DECIMAL(18, 6) AS net_month_over_month_growth,
  net_last_year_amount::DECIMAL(18, 4) AS net_last_year_amount,
  net_year_over_year_growth::DECIMAL(18, 6) AS net_year_over_year_growth,
  currency::TEXT AS currency
FROM mart.category_sales_monthly
