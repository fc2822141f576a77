MODEL (
  name seed.clv_tier,
  kind SEED (
    path '../../seeds/clv_tier.csv'
  ),
  owner data_science,
  columns (
    tier TEXT,
    customer_share_rate DOUBLE PRECISION,
    meaning TEXT,
    recommended_action TEXT
  ),
  grain tier,
  tags (seed, customers),
  description 'One row per tier of customer lifetime value: customer_share_rate is the largest share of a source''s customers, by rank of their discounted value, that are in it or in a better one; equals are in the lower tier.'
)
