MODEL (
  name bi.product_price,
  kind VIEW,
  owner analytics_engineering,
  grain (source, product_id, currency, valid_from_at),
  tags (bi, products),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, product_id, currency, valid_from_at)),
    unique_combination_of_columns(columns := (source, product_id, currency, valid_from_at))
  ),
  description 'One row per source, product, currency and price that held until the next one: the list prices of the catalogue, or, where the source has none, the usual price of the months in which the product was sold. Prices are not additive. Answers: what a product cost when, and how far prices moved.',
  column_descriptions (
    source = 'The shop.',
    product_id = 'The product''s natural key in its source.',
    currency = 'Currency of the price, ISO 4217.',
    valid_from_at = 'From when the price holds. The first list price holds from the beginning of time, the first usual price from the month of the first sale.',
    valid_to_at = 'Until when it holds, exclusive; the current one until the end of time.',
    is_current = 'The price that holds now.',
    price_amount = 'Price of a piece. Not additive.',
    previous_price_amount = 'The price before it; empty for the first. Not additive.',
    change_rate = 'How far it is above the price before: 0.1 is a tenth more, negative is less. Not additive.',
    price_basis = 'list: a price of the catalogue; sold: the price that most sale lines of a month carry, of equals the highest.'
  )
);

SELECT
  source::TEXT AS source,
  product_id::TEXT AS product_id,
  currency::TEXT AS currency,
  valid_from_at::TIMESTAMPTZ AS valid_from_at,
  valid_to_at::TIMESTAMPTZ AS valid_to_at,
  is_current::BOOLEAN AS is_current,
  price_amount::DECIMAL(18, 4) AS price_amount,
  previous_price_amount::DECIMAL(18, 4) AS previous_price_amount,
  change_rate::DECIMAL(18, 6) AS change_rate,
  price_basis::TEXT AS price_basis
FROM mart.product_price_history
