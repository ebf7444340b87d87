SELECT runtime.provide_decisions($1::date)
