MODEL (
  name bi.propensity_driver,
  kind VIEW,
  owner data_science,
  grain (source, horizon_days, driver_kind, driver),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, horizon_days, driver_kind, driver)),
    unique_combination_of_columns(columns := (source, horizon_days, driver_kind, driver))
  ),
  description 'One row per source, horizon and driver. No rows where the base rate is served. Nothing is additive. A driver tells what the probability hangs on, not what would change it. Answers: what tells apart who orders again.',
  column_descriptions (
    source = 'The shop.',
    horizon_days = 'Days within which an order is asked for.',
    driver_kind = 'group: features of one meaning, shuffled together; feature: one alone, which looks weak where another says the same.',
    driver = 'The group, or the column of ml.customer_feature (overdue_ratio, average_order_amount and year_ago_order_count are made of its columns).',
    driver_group = 'The group that it belongs to.',
    importance_rank = '1 is the most important of its driver_kind. Not additive.',
    auc_loss = 'AUC that is lost when the values are shuffled between customers, mean of five times; about 0: it does not matter. Not additive.',
    auc_loss_deviation = 'Standard deviation over the shuffles. Not additive.',
    direction = 'Rank correlation of the feature with the probability, -1 to 1. Empty for groups. Not additive.',
    as_of_date = 'The holdout''s as-of date.',
    method = 'The method whose scores are served.',
    holdout_count = 'Customers that were shuffled.',
    holdout_auc = 'AUC before shuffling. Not additive.'
  )
);

SELECT
  source::TEXT AS source,
  horizon_days::INT AS horizon_days,
  driver_kind::TEXT AS driver_kind,
  driver::TEXT AS driver,
  driver_group::TEXT AS driver_group,
  importance_rank::INT AS importance_rank,
  auc_loss::DOUBLE PRECISION AS auc_loss,
  auc_loss_deviation::DOUBLE PRECISION AS auc_loss_deviation,
  direction::DOUBLE PRECISION AS direction,
  as_of_date::DATE AS as_of_date,
  method::TEXT AS method,
  holdout_count::BIGINT AS holdout_count,
  holdout_auc::DOUBLE PRECISION AS holdout_auc
FROM ml.propensity_driver
