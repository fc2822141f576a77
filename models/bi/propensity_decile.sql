MODEL (
  name bi.propensity_decile,
  kind VIEW,
  owner data_science,
  grain (source, horizon_days, decile),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, horizon_days, decile)),
    unique_combination_of_columns(columns := (source, horizon_days, decile))
  ),
  description 'One row per source, horizon and decile of the holdout: predicted against actual. No rows where the base rate is served. Customers add up over deciles, never over horizons. Answers: how much better the probabilities are than chance, and whether they may be taken at their word.',
  column_descriptions (
    source = 'The shop.',
    horizon_days = 'Days within which an order is asked for.',
    decile = '1: the tenth that was most likely to order, to 10. Equals are in one decile.',
    as_of_date = 'The holdout''s as-of date: nothing later was seen in fitting.',
    method = 'The method whose scores are served.',
    customer_count = 'Customers of the decile.',
    ordering_customer_count = 'Those of them who ordered within the horizon.',
    predicted_rate = 'Mean probability. Not additive.',
    least_predicted_rate = 'Smallest probability. Not additive.',
    most_predicted_rate = 'Largest probability. Not additive.',
    actual_rate = 'ordering_customer_count by customer_count. Not additive.',
    calibration_gap = 'predicted_rate less actual_rate. Not additive.',
    lift_ratio = 'actual_rate by that of all deciles: how much better than chance. Not additive.',
    captured_rate = 'Share of all who ordered that this decile and those before it hold. Not additive.'
  )
);

SELECT
  source::TEXT AS source,
  horizon_days::INT AS horizon_days,
  decile::INT AS decile,
  as_of_date::DATE AS as_of_date,
  method::TEXT AS method,
  customer_count::BIGINT AS customer_count,
  ordering_customer_count::BIGINT AS ordering_customer_count,
  predicted_rate::DOUBLE PRECISION AS predicted_rate,
  least_predicted_rate::DOUBLE PRECISION AS least_predicted_rate,
  most_predicted_rate::DOUBLE PRECISION AS most_predicted_rate,
  actual_rate::DOUBLE PRECISION AS actual_rate,
  calibration_gap::DOUBLE PRECISION AS calibration_gap,
  lift_ratio::DOUBLE PRECISION AS lift_ratio,
  captured_rate::DOUBLE PRECISION AS captured_rate
FROM ml.propensity_decile
