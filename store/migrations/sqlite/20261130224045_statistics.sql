-- +goose NO TRANSACTION
-- +goose Up
-- create index "events_counted" to table: "events"
CREATE INDEX `events_counted` ON `events` (`kind`, `at`, `from_status`, `to_status`) WHERE kind IN ('REGISTER_USER', 'APPROVE_REGISTRATION', 'SUBMIT_LOAN_APPLICATION', 'APPROVE_LOAN_APPLICATION');
-- create index "loan_disbursed_at_amount" to table: "loans"
CREATE INDEX `loan_disbursed_at_amount` ON `loans` (`disbursed_at`, `amount`);
-- create index "installments_open" to table: "installments"
CREATE INDEX `installments_open` ON `installments` (`due_on`, `status`, `loan_id`, `principal`, `paid_principal`) WHERE bid_id IS NULL AND paid_principal < principal;
-- drop index "repayment_paid_at" from table: "repayments"
DROP INDEX `repayment_paid_at`;
-- create index "repayments_standing" to table: "repayments"
CREATE INDEX `repayments_standing` ON `repayments` (`paid_at`, `amount`) WHERE reversed_at IS NULL;
