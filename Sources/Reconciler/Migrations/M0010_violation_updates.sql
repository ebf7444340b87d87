-- A violation that occurs again is one row changed, thousands of times a second. Because of the index over its last time each change went into all
-- three indexes of the table; with one over the day, which never changes, and room left in each page, it stays in its page and touches none.
-- Not at the price of keeping writers waiting behind a long reader: then it is tried again later.
SET LOCAL lock_timeout = '5s';
DROP INDEX IF EXISTS runtime.violations_by_time;
CREATE INDEX IF NOT EXISTS violations_by_window ON runtime.violations (window_start);
ALTER TABLE runtime.violations SET (fillfactor = 50);
