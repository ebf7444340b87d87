-- A violation that occurs again is one row changed, thousands of times a second. By this index every change went into all three of the table's;
-- without it, and with room left in each page, it stays in its page and touches none. What looks by time looks at a table of a row for each
-- policy, subject and day.
DROP INDEX IF EXISTS runtime.violations_by_time;
ALTER TABLE runtime.violations SET (fillfactor = 50);
