MODEL (
  name bi.sales_daily,
  kind VIEW,
  owner analytics_engineering,
  grain (
    source,
    sales_date,
    channel,
    store_key,
    customer_country_code,
    customer_state,
    customer_city,
    currency
  ),
  tags (bi, sales),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(
      columns := (
        source,
        sales_date,
        channel,
        store_key,
        customer_country_code,
        customer_state,
        customer_city,
        currency
      )
    ),
    unique_combination_of_columns(
      columns := (
        source,
        sales_date,
        channel,
        store_key,
        customer_country_code,
        customer_state,
        customer_city,
        currency
      )
    )
  ),
  description 'One row per source, day, channel, store, place of the customer and currency on which anything was sold, came back or was shipped; days without sales are in bi.sales_trend. Never add amounts over currencies, nor customers. Answers: what was sold where and when.',
  column_descriptions (
    source = 'The shop.',
    sales_date = 'Business date in the shop''s own time zone: the day of the order, for returns that of the refund.',
    channel = 'Where it was sold: web, marketplace, store.',
    store_key = 'The store that sold; Unknown where none did, as on the web.',
    store_id = 'Natural key of the store; unknown where none sold, as on the web.',
    store_name = 'What the store is called; Unknown where none sold, as on the web.',
    customer_country_code = 'Country of the customer as of the order, ISO 3166-1 alpha-2; unknown where it is not known.',
    customer_state = 'State of the customer as of the order; unknown where it is not known.',
    customer_city = 'City of the customer as of the order; unknown where it is not known.',
    gross_amount = 'List price × quantity of the merchandise sold, before discounts and returns; cancelled orders left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    discount_amount = 'What was taken off the list price of the merchandise sold, positive. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_amount = 'Net value of the merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_by_sale_date_amount = 'Net value of the merchandise that came back, positive, on the day on which it had been sold; on the day of the return''s own document where the sale is not known. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_by_sale_date_amount = 'Gross sales less discounts less returns on the day of the sale: what of a day''s sales was kept. Recent days go down as goods come back. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    freight_amount = 'What customers were charged for freight, whether booked on lines or as lines of their own, less what was refunded; cancelled orders left out. Adds up over time, channel, store, place and customer, never over currencies.',
    tax_amount = 'Tax that net sales contain; empty where the source tells none. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    order_count = 'Orders that sold merchandise, cancelled ones left out; a document of returns, corrections or stock movements alone is none. Adds up over time, channel, store, place and customer.',
    unit_count = 'Pieces of merchandise sold; returned pieces are not taken off. Adds up over time, channel, store, place, category, product and customer.',
    return_unit_count = 'Pieces of merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer.',
    customer_count = 'Different known customers who bought merchandise in the row''s period. Not additive.',
    new_customer_count = 'Known customers whose first order with merchandise this is. Adds up over time, channel, store and place.',
    currency = 'Currency of the amounts, ISO 4217.',
    units_per_usd = 'The month''s average price of a US dollar in currency; empty where seed.exchange_rate does not tell it. Not additive.',
    net_reporting_amount = 'Net sales at the month''s average rate of seed.exchange_rate; empty where that is not known. Adds up over time, channel, store and place, never over currencies.',
    reporting_currency = 'Currency of net_reporting_amount: USD.'
  )
);

SELECT
  sales.source::TEXT AS source,
  sales.sales_date::DATE AS sales_date,
  sales.channel::TEXT AS channel,
  sales.store_key::UUID AS store_key,
  store.store_id::TEXT AS store_id,
  store.store_name::TEXT AS store_name,
  sales.country_code::TEXT AS customer_country_code,
  sales.state::TEXT AS customer_state,
  sales.city::TEXT AS customer_city,
  sales.gross_amount::DECIMAL(18, 4) AS gross_amount,
  sales.discount_amount::DECIMAL(18, 4) AS discount_amount,
  sales.return_amount::DECIMAL(18, 4) AS return_amount,
  sales.return_by_sale_date_amount::DECIMAL(18, 4) AS return_by_sale_date_amount,
  sales.net_amount::DECIMAL(18, 4) AS net_amount,
  sales.net_by_sale_date_amount::DECIMAL(18, 4) AS net_by_sale_date_amount,
  sales.freight_amount::DECIMAL(18, 4) AS freight_amount,
  sales.tax_amount::DECIMAL(18, 4) AS tax_amount,
  sales.order_count::BIGINT AS order_count,
  sales.unit_count::BIGINT AS unit_count,
  sales.return_unit_count::BIGINT AS return_unit_count,
  sales.customer_count::BIGINT AS customer_count,
  sales.new_customer_count::BIGINT AS new_customer_count,
  sales.currency::TEXT AS currency,
  sales.units_per_usd::DECIMAL(18, 6) AS units_per_usd,
  sales.net_reporting_amount::DECIMAL(18, 4) AS net_reporting_amount,
  sales.reporting_currency::TEXT AS reporting_currency
FROM mart.sales_daily AS sales
JOIN core.dim_store AS store
  ON store.store_key = sales.store_key
