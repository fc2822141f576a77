MODEL (
  name core.dim_product,
  kind FULL,
  owner analytics_engineering,
  grain product_key,
  tags (core, dimension),
  audits (
    not_null(
      columns := (
        product_key,
        source,
        product_id,
        version_number,
        valid_from_at,
        valid_to_at,
        is_current,
        is_deleted,
        product_kind
      )
    ),
    unique_values(columns := (
      product_key
    )),
    versions_are_contiguous(entity_id := product_id)
  ),
  description 'One row per product and version of name, kind, category, brand, list price, cost, tax rate and deletion (slowly changing dimension, type 2), and one Unknown member. Count products by is_current, not by row; is_deleted tells what was taken out.',
  column_descriptions (
    product_key = 'Surrogate key of the version: hash of source, product and the start of the version.',
    source = 'The shop that sells the product.',
    product_id = 'The product''s natural key in its source; the same over all versions.',
    version_number = 'Versions counted from 1.',
    valid_from_at = 'From when the version holds; the first one holds from the beginning of time.',
    valid_to_at = 'Until when the version holds, exclusive; the current one until the end of time.',
    is_current = 'The version that holds now.',
    is_deleted = 'The shop took the product out of its catalogue; the other columns tell what was known last.',
    product_name = 'Name, where the source has one.',
    product_kind = 'product, or what else a line with this code stands for: freight, discount, fee, gift_voucher, …',
    category = 'Category in English, where the source has one.',
    brand = 'Brand, where the source has one.',
    list_price_amount = 'List price of the version in currency, where the source has one. Not additive.',
    cost_amount = 'What a piece cost the shop in currency, where the source says. Not additive.',
    tax_rate = 'Tax that is part of the list price, as a share (0 to 1) of the price without it, where the source says.',
    currency = 'Currency of list price and cost, ISO 4217.',
    weight_g = 'Weight in grams.',
    length_cm = 'Length of the parcel in cm.',
    height_cm = 'Height of the parcel in cm.',
    width_cm = 'Width of the parcel in cm.',
    photo_count = 'Number of photographs in the catalogue.'
  )
);

SELECT
  @SURROGATE_KEY(source, product_id, valid_from_at AT TIME ZONE 'UTC')::UUID AS product_key,
  source::TEXT AS source,
  product_id::TEXT AS product_id,
  version_number::INT AS version_number,
  valid_from_at::TIMESTAMPTZ AS valid_from_at,
  valid_to_at::TIMESTAMPTZ AS valid_to_at,
  is_current::BOOLEAN AS is_current,
  is_deleted::BOOLEAN AS is_deleted,
  product_name::TEXT AS product_name,
  product_kind::TEXT AS product_kind,
  category::TEXT AS category,
  brand::TEXT AS brand,
  list_price_amount::DECIMAL(18, 4) AS list_price_amount,
  cost_amount::DECIMAL(18, 4) AS cost_amount,
  tax_rate::DECIMAL(9, 6) AS tax_rate,
  currency::TEXT AS currency,
  weight_g::DECIMAL(18, 3) AS weight_g,
  length_cm::DECIMAL(18, 3) AS length_cm,
  height_cm::DECIMAL(18, 3) AS height_cm,
  width_cm::DECIMAL(18, 3) AS width_cm,
  photo_count::INT AS photo_count
FROM conformed.product
UNION ALL
SELECT
  @UNKNOWN_KEY()::UUID,
  'unknown'::TEXT,
  'unknown'::TEXT,
  1::INT,
  @BEGINNING_OF_TIME()::TIMESTAMPTZ,
  @END_OF_TIME()::TIMESTAMPTZ,
  TRUE::BOOLEAN,
  FALSE::BOOLEAN,
  'Unknown'::TEXT,
  'unknown'::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  NULL::DECIMAL(18, 4),
  NULL::DECIMAL(18, 4),
  NULL::DECIMAL(9, 6),
  NULL::TEXT,
  NULL::DECIMAL(18, 3),
  NULL::DECIMAL(18, 3),
  NULL::DECIMAL(18, 3),
  NULL::DECIMAL(18, 3),
  NULL::INT;

@INDEX_ON(source, product_id);

@UNIQUE_INDEX_ON(product_key)
