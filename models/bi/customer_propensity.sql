MODEL (
  name bi.customer_propensity,
  kind VIEW,
  owner data_science,
  grain (source, customer_id, horizon_days),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, customer_id, horizon_days)),
    unique_combination_of_columns(columns := (source, customer_id, horizon_days)),
    no_personal_values(columns := (
      customer_id
    ))
  ),
  description 'One row per source, known customer and horizon: the probability of an order. Never add over horizons. How good it is stands in ml.customer_propensity_evaluation. Answers: whom to write to, who is about to leave.',
  column_descriptions (
    source = 'The shop.',
    customer_id = 'The customer''s natural key in its source.',
    as_of_date = 'The last order_date of the source: the horizon begins on the next day.',
    horizon_days = 'Days within which an order is asked for.',
    method = 'logistic, boosting, or where these do not beat them: recency, base_rate.',
    probability_rate = 'Probability of an order within the horizon, calibrated. Empty where no window tells a rate. Added over customers it is the expected number of ordering customers.',
    base_rate = 'Share of the source''s customers who ordered in the last complete window. Not additive.',
    decile = '1: the tenth that is most likely to order, to 10; equals are in one decile. Empty with base_rate.',
    is_likely = 'At least as likely as the source''s customers are on average. Empty with base_rate.',
    is_churn_risk = 'Less likely than propensity_risk_factor (config.yaml) times the average. Empty with base_rate.',
    note = 'Why the base rate is served, or how it was come by. Empty where there is nothing to say.'
  )
);

SELECT
  source::TEXT AS source,
  customer_id::TEXT AS customer_id,
  as_of_date::DATE AS as_of_date,
  horizon_days::INT AS horizon_days,
  method::TEXT AS method,
  probability_rate::DOUBLE PRECISION AS probability_rate,
  base_rate::DOUBLE PRECISION AS base_rate,
  decile::INT AS decile,
  is_likely::BOOLEAN AS is_likely,
  is_churn_risk::BOOLEAN AS is_churn_risk,
  note::TEXT AS note
FROM ml.customer_propensity
