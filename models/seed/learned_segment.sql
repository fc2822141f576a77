MODEL (
  name seed.learned_segment,
  kind SEED (
    path '../../seeds/learned_segment.csv'
  ),
  owner data_science,
  columns (
    segment TEXT,
    priority INT,
    recency_from DOUBLE PRECISION,
    recency_to DOUBLE PRECISION,
    frequency_from DOUBLE PRECISION,
    frequency_to DOUBLE PRECISION,
    value_from DOUBLE PRECISION,
    value_to DOUBLE PRECISION,
    recommended_action TEXT
  ),
  grain segment,
  tags (seed, customers),
  description 'One row per name that a learned segment can get: where its customers stand on average among those of the source by recency, frequency and value, 0 (worst) to 1 (best), and what to do with them. Of names that fit equally well the one with the smaller priority is given. All Customers, without a rule, is what customers are called who cannot be told apart.'
)
