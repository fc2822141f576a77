AUDIT (
  name net_amount_follows_from_its_parts
);

/* Lines whose money does not follow from its parts, or whose sign does not fit what they are. A line of no pieces may have a discount:
   staging flags it. */
SELECT
  *
FROM @this_model
WHERE
  ABS(net_amount - (
    quantity * unit_price_amount - discount_amount
  )) > 0.0001
  OR ABS(list_amount - quantity * unit_price_amount) > 0.0001
  OR (
    net_amount < 0 AND quantity <> 0 AND line_kind = 'product' AND NOT is_return
  )
