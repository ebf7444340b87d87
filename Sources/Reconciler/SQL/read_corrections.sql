-- Fields that were corrected so often since a commit was last applied, since the reconciler was last resumed, and within so many seconds.
SELECT changed ->> 'kind' AS kind, changed ->> 'name' AS "name", coalesce(part ->> 'field', '') AS field
FROM governance.history
CROSS JOIN jsonb_array_elements(plan) AS changed
LEFT JOIN jsonb_array_elements(changed -> 'fields') AS part ON true
WHERE outcome = 'corrected'
    AND epoch > (SELECT coalesce(max(epoch), 0) FROM governance.history WHERE outcome = 'applied')
    AND applied_at > now() - make_interval(secs => $1)
    AND applied_at > coalesce((SELECT since FROM governance.directives WHERE directive = 'resume'), '-infinity')
GROUP BY 1, 2, 3
HAVING count(*) >= $2
