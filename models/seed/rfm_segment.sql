MODEL (
  name seed.rfm_segment,
  kind SEED (
    path '../../seeds/rfm_segment.csv'
  ),
  owner analytics_engineering,
  columns (
    r_score INT,
    f_score INT,
    segment TEXT,
    recommended_action TEXT
  ),
  grain (r_score, f_score),
  tags (seed, customers),
  description 'One row per pair of recency and frequency scores (1 worst, 5 best): the segment of the usual grid that it stands for, and what to do with it.'
)
