-- +goose NO TRANSACTION
-- +goose Up
-- create "api_keys" table
CREATE TABLE `api_keys` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `name` text NOT NULL, `token_hash` blob NOT NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `last_used_at` datetime NULL, `created_by_id` integer NULL, CONSTRAINT `api_keys_staff_created_by` FOREIGN KEY (`created_by_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL);
-- create index "api_keys_token_hash_key" to table: "api_keys"
CREATE UNIQUE INDEX `api_keys_token_hash_key` ON `api_keys` (`token_hash`);
-- create index "apikey_created_at" to table: "api_keys"
CREATE INDEX `apikey_created_at` ON `api_keys` (`created_at`);
-- create "bank_cards" table
CREATE TABLE `bank_cards` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `number` blob NOT NULL, `number_hash` text NOT NULL, `issuer` text NULL, `holder_name` text NOT NULL, `phone` blob NOT NULL, `failure` text NULL, `user_id` integer NOT NULL, `replaces_id` integer NULL, CONSTRAINT `bank_cards_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `bank_cards_bank_cards_replacements` FOREIGN KEY (`replaces_id`) REFERENCES `bank_cards` (`id`) ON DELETE SET NULL, CONSTRAINT `bank_cards_status` CHECK (status IN ('PENDING_REVIEW', 'PENDING_BINDING', 'ACTIVATED', 'BOUND', 'UNBOUND', 'REPLACED', 'CANCELLED')), CONSTRAINT `bank_cards_version` CHECK (version > 0));
-- create index "bankcard_created_at" to table: "bank_cards"
CREATE INDEX `bankcard_created_at` ON `bank_cards` (`created_at`);
-- create index "bankcard_status_created_at" to table: "bank_cards"
CREATE INDEX `bankcard_status_created_at` ON `bank_cards` (`status`, `created_at`);
-- create index "bankcard_status_status_since" to table: "bank_cards"
CREATE INDEX `bankcard_status_status_since` ON `bank_cards` (`status`, `status_since`);
-- create index "bank_cards_in_process" to table: "bank_cards"
CREATE UNIQUE INDEX `bank_cards_in_process` ON `bank_cards` (`user_id`) WHERE status IN ('PENDING_REVIEW', 'PENDING_BINDING');
-- create index "bank_cards_bound" to table: "bank_cards"
CREATE UNIQUE INDEX `bank_cards_bound` ON `bank_cards` (`user_id`) WHERE status = 'BOUND';
-- create index "bank_cards_number_bound" to table: "bank_cards"
CREATE UNIQUE INDEX `bank_cards_number_bound` ON `bank_cards` (`number_hash`) WHERE status = 'BOUND';
-- create index "bankcard_number_hash" to table: "bank_cards"
CREATE INDEX `bankcard_number_hash` ON `bank_cards` (`number_hash`);
-- create index "bankcard_user_id_created_at" to table: "bank_cards"
CREATE INDEX `bankcard_user_id_created_at` ON `bank_cards` (`user_id`, `created_at`);
-- create "bank_card_attempts" table
CREATE TABLE `bank_card_attempts` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `system` text NOT NULL, `request_id` text NOT NULL, `result` text NULL, `raw_code` text NULL, `started_at` datetime NOT NULL, `finished_at` datetime NULL, `bank_card_id` integer NOT NULL, CONSTRAINT `bank_card_attempts_bank_cards_bank_card` FOREIGN KEY (`bank_card_id`) REFERENCES `bank_cards` (`id`) ON DELETE NO ACTION, CONSTRAINT `bank_card_attempts_system` CHECK (system IN ('KXD', 'KXDM')));
-- create index "bank_card_attempts_request_id_key" to table: "bank_card_attempts"
CREATE UNIQUE INDEX `bank_card_attempts_request_id_key` ON `bank_card_attempts` (`request_id`);
-- create index "bankcardattempt_bank_card_id_started_at" to table: "bank_card_attempts"
CREATE INDEX `bankcardattempt_bank_card_id_started_at` ON `bank_card_attempts` (`bank_card_id`, `started_at`);
-- create index "bankcardattempt_finished_at_started_at" to table: "bank_card_attempts"
CREATE INDEX `bankcardattempt_finished_at_started_at` ON `bank_card_attempts` (`finished_at`, `started_at`);
-- create "bids" table
CREATE TABLE `bids` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `amount` integer NOT NULL, `loan_id` integer NOT NULL, `investor_id` integer NOT NULL, CONSTRAINT `bids_loans_loan` FOREIGN KEY (`loan_id`) REFERENCES `loans` (`id`) ON DELETE NO ACTION, CONSTRAINT `bids_users_investor` FOREIGN KEY (`investor_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `bids_amount` CHECK (amount > 0), CONSTRAINT `bids_status` CHECK (status IN ('PENDING_REVIEW', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'RELEASED', 'HOLDING', 'SETTLED', 'WRITTEN_OFF')), CONSTRAINT `bids_version` CHECK (version > 0));
-- create index "bid_created_at" to table: "bids"
CREATE INDEX `bid_created_at` ON `bids` (`created_at`);
-- create index "bid_status_created_at" to table: "bids"
CREATE INDEX `bid_status_created_at` ON `bids` (`status`, `created_at`);
-- create index "bid_status_status_since" to table: "bids"
CREATE INDEX `bid_status_status_since` ON `bids` (`status`, `status_since`);
-- create index "bid_loan_id_created_at" to table: "bids"
CREATE INDEX `bid_loan_id_created_at` ON `bids` (`loan_id`, `created_at`);
-- create index "bid_investor_id_created_at" to table: "bids"
CREATE INDEX `bid_investor_id_created_at` ON `bids` (`investor_id`, `created_at`);
-- create index "bid_loan_id_amount" to table: "bids"
CREATE INDEX `bid_loan_id_amount` ON `bids` (`loan_id`, `amount`);
-- create index "bid_investor_id_amount" to table: "bids"
CREATE INDEX `bid_investor_id_amount` ON `bids` (`investor_id`, `amount`);
-- create index "bid_amount" to table: "bids"
CREATE INDEX `bid_amount` ON `bids` (`amount`);
-- create "claims" table
CREATE TABLE `claims` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `subject_type` text NOT NULL, `subject_id` integer NOT NULL, `step` text NOT NULL, `expires_at` datetime NOT NULL, `staff_id` integer NOT NULL, CONSTRAINT `claims_staff_staff` FOREIGN KEY (`staff_id`) REFERENCES `staff` (`id`) ON DELETE NO ACTION, CONSTRAINT `claims_step` CHECK (step IN ('REGISTRATION', 'COMPANY', 'DOCUMENT', 'MATERIALS', 'APPLICATION', 'BID', 'FUNDING', 'SERVICE_REQUEST')));
-- create index "claim_created_at" to table: "claims"
CREATE INDEX `claim_created_at` ON `claims` (`created_at`);
-- create index "claim_subject_type_subject_id_step" to table: "claims"
CREATE UNIQUE INDEX `claim_subject_type_subject_id_step` ON `claims` (`subject_type`, `subject_id`, `step`);
-- create index "claim_staff_id" to table: "claims"
CREATE INDEX `claim_staff_id` ON `claims` (`staff_id`);
-- create "companies" table
CREATE TABLE `companies` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `kind` text NOT NULL, `name` text NOT NULL, `credit_code` text NOT NULL, `industry` text NULL, `legal_representative` text NULL, `address` text NULL, `phone` blob NULL, `registered_capital` integer NULL, `established_on` text NULL, `created_by_id` integer NULL, CONSTRAINT `companies_staff_created_by` FOREIGN KEY (`created_by_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `companies_kind` CHECK (kind IN ('BRANCH', 'CLIENT', 'PARTNER')), CONSTRAINT `companies_registered_capital` CHECK (registered_capital >= 0), CONSTRAINT `companies_status` CHECK (status IN ('PENDING_REVIEW', 'VERIFIED', 'REJECTED')), CONSTRAINT `companies_version` CHECK (version > 0));
-- create index "company_created_at" to table: "companies"
CREATE INDEX `company_created_at` ON `companies` (`created_at`);
-- create index "company_status_created_at" to table: "companies"
CREATE INDEX `company_status_created_at` ON `companies` (`status`, `created_at`);
-- create index "company_status_status_since" to table: "companies"
CREATE INDEX `company_status_status_since` ON `companies` (`status`, `status_since`);
-- create index "companies_credit_code_held" to table: "companies"
CREATE UNIQUE INDEX `companies_credit_code_held` ON `companies` (`credit_code`) WHERE status <> 'REJECTED';
-- create index "company_name" to table: "companies"
CREATE INDEX `company_name` ON `companies` (`name`);
-- create index "company_industry" to table: "companies"
CREATE INDEX `company_industry` ON `companies` (`industry`);
-- create index "company_kind_created_at" to table: "companies"
CREATE INDEX `company_kind_created_at` ON `companies` (`kind`, `created_at`);
-- create "documents" table
CREATE TABLE `documents` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `subject_type` text NOT NULL, `subject_id` integer NOT NULL, `kind` text NOT NULL, `name` text NULL, `content_type` text NULL, `size` integer NULL, `sha256` text NULL, `blob` text NULL, `valid_until` text NULL, `reason` text NULL, `owner_id` integer NULL, `replaces_id` integer NULL, `requested_by_id` integer NULL, CONSTRAINT `documents_users_owner` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `documents_documents_replacements` FOREIGN KEY (`replaces_id`) REFERENCES `documents` (`id`) ON DELETE SET NULL, CONSTRAINT `documents_staff_requested_by` FOREIGN KEY (`requested_by_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `documents_kind` CHECK (kind IN ('IDENTITY_CARD', 'HOUSEHOLD_REGISTER', 'MARRIAGE_CERTIFICATE', 'PROOF_OF_ADDRESS', 'PROOF_OF_INCOME', 'BANK_STATEMENT', 'CREDIT_REPORT', 'EMPLOYMENT', 'PROPERTY', 'VEHICLE', 'BUSINESS_LICENSE', 'FINANCIAL_STATEMENT', 'TAX_RECORD', 'GUARANTEE', 'OTHER')), CONSTRAINT `documents_size` CHECK (size >= 0), CONSTRAINT `documents_status` CHECK (status IN ('REQUESTED', 'PENDING_REVIEW', 'APPROVED', 'REJECTED', 'WAIVED', 'SUPERSEDED', 'EXPIRED')), CONSTRAINT `documents_subject` CHECK (subject_type IN ('User', 'Company', 'Loan')), CONSTRAINT `documents_version` CHECK (version > 0));
-- create index "document_created_at" to table: "documents"
CREATE INDEX `document_created_at` ON `documents` (`created_at`);
-- create index "document_status_created_at" to table: "documents"
CREATE INDEX `document_status_created_at` ON `documents` (`status`, `created_at`);
-- create index "document_status_status_since" to table: "documents"
CREATE INDEX `document_status_status_since` ON `documents` (`status`, `status_since`);
-- create index "document_subject_type_subject_id_created_at" to table: "documents"
CREATE INDEX `document_subject_type_subject_id_created_at` ON `documents` (`subject_type`, `subject_id`, `created_at`);
-- create index "document_owner_id_created_at" to table: "documents"
CREATE INDEX `document_owner_id_created_at` ON `documents` (`owner_id`, `created_at`);
-- create index "document_kind_created_at" to table: "documents"
CREATE INDEX `document_kind_created_at` ON `documents` (`kind`, `created_at`);
-- create index "document_status_valid_until" to table: "documents"
CREATE INDEX `document_status_valid_until` ON `documents` (`status`, `valid_until`);
-- create "events" table
CREATE TABLE `events` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `subject_type` text NOT NULL, `subject_id` integer NOT NULL, `kind` text NOT NULL, `actor_type` text NOT NULL, `actor_id` integer NOT NULL DEFAULT (0), `actor_name` text NULL, `from_status` text NULL, `to_status` text NULL, `reason` text NULL, `note` text NULL, `changes` json NULL, `address` text NULL, `request_id` text NULL, `at` datetime NOT NULL, `user_id` integer NULL, CONSTRAINT `events_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `events_actor` CHECK (actor_type IN ('User', 'Staff', 'ApiKey', 'SystemActor', 'Anonymous')), CONSTRAINT `events_kind` CHECK (kind <> ''));
-- create index "event_subject_type_subject_id_id" to table: "events"
CREATE INDEX `event_subject_type_subject_id_id` ON `events` (`subject_type`, `subject_id`, `id`);
-- create index "event_user_id_id" to table: "events"
CREATE INDEX `event_user_id_id` ON `events` (`user_id`, `id`);
-- create index "event_kind_id" to table: "events"
CREATE INDEX `event_kind_id` ON `events` (`kind`, `id`);
-- create index "event_at" to table: "events"
CREATE INDEX `event_at` ON `events` (`at`);
-- create "idempotency_keys" table
CREATE TABLE `idempotency_keys` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `scope` text NOT NULL, `key` text NOT NULL, `mutation` text NOT NULL, `input_hash` text NOT NULL, `outcome` blob NOT NULL);
-- create index "idempotency_created_at" to table: "idempotency_keys"
CREATE INDEX `idempotency_created_at` ON `idempotency_keys` (`created_at`);
-- create index "idempotency_scope_key" to table: "idempotency_keys"
CREATE UNIQUE INDEX `idempotency_scope_key` ON `idempotency_keys` (`scope`, `key`);
-- create "installments" table
CREATE TABLE `installments` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `plan` integer NOT NULL DEFAULT (1), `number` integer NOT NULL, `due_on` text NOT NULL, `principal` integer NOT NULL DEFAULT (0), `interest` integer NOT NULL DEFAULT (0), `penalty` integer NOT NULL DEFAULT (0), `paid_principal` integer NOT NULL DEFAULT (0), `paid_interest` integer NOT NULL DEFAULT (0), `paid_penalty` integer NOT NULL DEFAULT (0), `loan_id` integer NOT NULL, `bid_id` integer NULL, CONSTRAINT `installments_loans_loan` FOREIGN KEY (`loan_id`) REFERENCES `loans` (`id`) ON DELETE NO ACTION, CONSTRAINT `installments_bids_bid` FOREIGN KEY (`bid_id`) REFERENCES `bids` (`id`) ON DELETE SET NULL, CONSTRAINT `installments_amounts` CHECK (principal >= 0 AND interest >= 0 AND penalty >= 0), CONSTRAINT `installments_number` CHECK (number > 0 AND plan > 0), CONSTRAINT `installments_paid` CHECK (paid_principal >= 0 AND paid_principal <= principal AND paid_interest >= 0 AND paid_interest <= interest AND paid_penalty >= 0 AND paid_penalty <= penalty), CONSTRAINT `installments_status` CHECK (status IN ('DUE', 'PARTLY_PAID', 'PAID', 'OVERDUE', 'CANCELLED')));
-- create index "installment_created_at" to table: "installments"
CREATE INDEX `installment_created_at` ON `installments` (`created_at`);
-- create index "installment_status_created_at" to table: "installments"
CREATE INDEX `installment_status_created_at` ON `installments` (`status`, `created_at`);
-- create index "installment_status_status_since" to table: "installments"
CREATE INDEX `installment_status_status_since` ON `installments` (`status`, `status_since`);
-- create index "installments_of_loan" to table: "installments"
CREATE UNIQUE INDEX `installments_of_loan` ON `installments` (`loan_id`, `plan`, `number`) WHERE bid_id IS NULL;
-- create index "installments_of_bid" to table: "installments"
CREATE UNIQUE INDEX `installments_of_bid` ON `installments` (`bid_id`, `plan`, `number`) WHERE bid_id IS NOT NULL;
-- create index "installment_loan_id_number" to table: "installments"
CREATE INDEX `installment_loan_id_number` ON `installments` (`loan_id`, `number`);
-- create index "installment_bid_id_number" to table: "installments"
CREATE INDEX `installment_bid_id_number` ON `installments` (`bid_id`, `number`);
-- create index "installment_status_due_on" to table: "installments"
CREATE INDEX `installment_status_due_on` ON `installments` (`status`, `due_on`);
-- create "keysets" table
CREATE TABLE `keysets` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `fingerprint` text NOT NULL, CONSTRAINT `keysets_single` CHECK (id = 1));
-- create "links" table
CREATE TABLE `links` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `token_hash` blob NOT NULL, `purpose` text NOT NULL, `expires_at` datetime NOT NULL, `staff_id` integer NOT NULL, CONSTRAINT `links_staff_staff` FOREIGN KEY (`staff_id`) REFERENCES `staff` (`id`) ON DELETE CASCADE, CONSTRAINT `links_purpose` CHECK (purpose IN ('STAFF_INVITATION')));
-- create index "links_token_hash_key" to table: "links"
CREATE UNIQUE INDEX `links_token_hash_key` ON `links` (`token_hash`);
-- create index "link_created_at" to table: "links"
CREATE INDEX `link_created_at` ON `links` (`created_at`);
-- create index "link_staff_id" to table: "links"
CREATE INDEX `link_staff_id` ON `links` (`staff_id`);
-- create index "link_expires_at" to table: "links"
CREATE INDEX `link_expires_at` ON `links` (`expires_at`);
-- create "loans" table
CREATE TABLE `loans` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `number` text NOT NULL, `requested_amount` integer NOT NULL, `requested_annual_rate` integer NOT NULL, `requested_term_months` integer NOT NULL, `amount` integer NOT NULL, `annual_rate` integer NOT NULL, `term_months` integer NOT NULL, `repayment_method` text NOT NULL, `purpose` text NOT NULL, `description` text NULL, `round` integer NOT NULL DEFAULT (1), `approvals_needed` integer NOT NULL DEFAULT (1), `terms_accepted` bool NOT NULL DEFAULT (false), `submitted_at` datetime NULL, `minimum_bid` integer NULL, `bid_step` integer NULL, `opens_at` datetime NULL, `closes_at` datetime NULL, `reserved_amount` integer NOT NULL DEFAULT (0), `funded_amount` integer NOT NULL DEFAULT (0), `disbursed_at` datetime NULL, `borrower_id` integer NOT NULL, `company_id` integer NULL, `reviewer_id` integer NULL, CONSTRAINT `loans_users_borrower` FOREIGN KEY (`borrower_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `loans_companies_company` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON DELETE SET NULL, CONSTRAINT `loans_staff_reviewer` FOREIGN KEY (`reviewer_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `loans_approvals` CHECK (approvals_needed > 0 AND round > 0), CONSTRAINT `loans_bids` CHECK (minimum_bid > 0 AND bid_step > 0), CONSTRAINT `loans_funding` CHECK (funded_amount >= 0 AND funded_amount <= reserved_amount AND reserved_amount <= amount), CONSTRAINT `loans_method` CHECK (repayment_method IN ('EQUAL_INSTALLMENTS', 'EQUAL_PRINCIPAL', 'INTEREST_ONLY', 'BULLET')), CONSTRAINT `loans_purpose` CHECK (purpose IN ('WORKING_CAPITAL', 'EQUIPMENT', 'INVENTORY', 'CONSUMPTION', 'HOME_IMPROVEMENT', 'EDUCATION', 'MEDICAL', 'VEHICLE', 'DEBT_CONSOLIDATION', 'OTHER')), CONSTRAINT `loans_requested` CHECK (requested_amount > 0 AND requested_annual_rate >= 0 AND requested_term_months > 0), CONSTRAINT `loans_status` CHECK (status IN ('DRAFT', 'MATERIALS_REVIEW', 'APPLICATION_REVIEW', 'RETURNED', 'REJECTED', 'WITHDRAWN', 'APPROVED', 'BIDDING', 'FULLY_FUNDED', 'LISTING_FAILED', 'CANCELLED', 'AWAITING_DISBURSEMENT', 'REPAYING', 'OVERDUE', 'DEFAULTED', 'WRITTEN_OFF', 'SETTLED')), CONSTRAINT `loans_terms` CHECK (amount > 0 AND annual_rate >= 0 AND term_months > 0), CONSTRAINT `loans_version` CHECK (version > 0));
-- create index "loans_number_key" to table: "loans"
CREATE UNIQUE INDEX `loans_number_key` ON `loans` (`number`);
-- create index "loan_created_at" to table: "loans"
CREATE INDEX `loan_created_at` ON `loans` (`created_at`);
-- create index "loan_status_created_at" to table: "loans"
CREATE INDEX `loan_status_created_at` ON `loans` (`status`, `created_at`);
-- create index "loan_status_status_since" to table: "loans"
CREATE INDEX `loan_status_status_since` ON `loans` (`status`, `status_since`);
-- create index "loan_borrower_id_created_at" to table: "loans"
CREATE INDEX `loan_borrower_id_created_at` ON `loans` (`borrower_id`, `created_at`);
-- create index "loan_company_id_created_at" to table: "loans"
CREATE INDEX `loan_company_id_created_at` ON `loans` (`company_id`, `created_at`);
-- create index "loan_amount" to table: "loans"
CREATE INDEX `loan_amount` ON `loans` (`amount`);
-- create index "loan_purpose_created_at" to table: "loans"
CREATE INDEX `loan_purpose_created_at` ON `loans` (`purpose`, `created_at`);
-- create index "loan_status_closes_at" to table: "loans"
CREATE INDEX `loan_status_closes_at` ON `loans` (`status`, `closes_at`);
-- create "messages" table
CREATE TABLE `messages` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `kind` text NOT NULL, `to_address` text NOT NULL, `subject` text NOT NULL, `text` text NOT NULL, `locale` text NOT NULL, `state` text NOT NULL, `attempts` integer NOT NULL DEFAULT (0), `sent_at` datetime NULL, `user_id` integer NULL, CONSTRAINT `messages_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `messages_attempts` CHECK (attempts >= 0), CONSTRAINT `messages_sent` CHECK ((state = 'SENT') = (sent_at IS NOT NULL)), CONSTRAINT `messages_state` CHECK (state IN ('KEPT', 'QUEUED', 'SENT', 'FAILED')));
-- create index "message_created_at" to table: "messages"
CREATE INDEX `message_created_at` ON `messages` (`created_at`);
-- create index "message_user_id_created_at" to table: "messages"
CREATE INDEX `message_user_id_created_at` ON `messages` (`user_id`, `created_at`);
-- create index "message_to_address" to table: "messages"
CREATE INDEX `message_to_address` ON `messages` (`to_address`);
-- create index "message_state_created_at" to table: "messages"
CREATE INDEX `message_state_created_at` ON `messages` (`state`, `created_at`);
-- create "parameters" table
CREATE TABLE `parameters` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `name` text NOT NULL, `value` text NOT NULL, `effective_at` datetime NOT NULL, `set_by_id` integer NULL, CONSTRAINT `parameters_staff_set_by` FOREIGN KEY (`set_by_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL);
-- create index "parameter_created_at" to table: "parameters"
CREATE INDEX `parameter_created_at` ON `parameters` (`created_at`);
-- create index "parameter_name_effective_at" to table: "parameters"
CREATE UNIQUE INDEX `parameter_name_effective_at` ON `parameters` (`name`, `effective_at`);
-- create "repayments" table
CREATE TABLE `repayments` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `amount` integer NOT NULL, `penalty` integer NOT NULL, `interest` integer NOT NULL, `principal` integer NOT NULL, `paid_at` datetime NOT NULL, `reference` text NOT NULL, `reversed_at` datetime NULL, `reported_by_type` text NOT NULL, `reported_by_id` integer NOT NULL, `reported_by_name` text NULL, `loan_id` integer NOT NULL, CONSTRAINT `repayments_loans_loan` FOREIGN KEY (`loan_id`) REFERENCES `loans` (`id`) ON DELETE NO ACTION, CONSTRAINT `repayments_amounts` CHECK (amount > 0 AND penalty >= 0 AND interest >= 0 AND principal >= 0));
-- create index "repayments_reference_key" to table: "repayments"
CREATE UNIQUE INDEX `repayments_reference_key` ON `repayments` (`reference`);
-- create index "repayment_created_at" to table: "repayments"
CREATE INDEX `repayment_created_at` ON `repayments` (`created_at`);
-- create index "repayment_loan_id_created_at" to table: "repayments"
CREATE INDEX `repayment_loan_id_created_at` ON `repayments` (`loan_id`, `created_at`);
-- create index "repayment_paid_at" to table: "repayments"
CREATE INDEX `repayment_paid_at` ON `repayments` (`paid_at`);
-- create "reviews" table
CREATE TABLE `reviews` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `subject_type` text NOT NULL, `subject_id` integer NOT NULL, `step` text NOT NULL, `round` integer NOT NULL DEFAULT (1), `decision` text NOT NULL, `note` text NULL, `reason` text NULL, `voided_at` datetime NULL, `reviewer_id` integer NOT NULL, CONSTRAINT `reviews_staff_reviewer` FOREIGN KEY (`reviewer_id`) REFERENCES `staff` (`id`) ON DELETE NO ACTION, CONSTRAINT `reviews_decision` CHECK (decision IN ('APPROVED', 'RETURNED', 'REJECTED', 'WAIVED')), CONSTRAINT `reviews_round` CHECK (round > 0), CONSTRAINT `reviews_step` CHECK (step IN ('REGISTRATION', 'COMPANY', 'DOCUMENT', 'MATERIALS', 'APPLICATION', 'BID', 'FUNDING', 'SERVICE_REQUEST')));
-- create index "review_created_at" to table: "reviews"
CREATE INDEX `review_created_at` ON `reviews` (`created_at`);
-- create index "review_subject_type_subject_id_created_at" to table: "reviews"
CREATE INDEX `review_subject_type_subject_id_created_at` ON `reviews` (`subject_type`, `subject_id`, `created_at`);
-- create index "reviews_one_approval" to table: "reviews"
CREATE UNIQUE INDEX `reviews_one_approval` ON `reviews` (`subject_type`, `subject_id`, `step`, `round`, `reviewer_id`) WHERE step = 'APPLICATION' AND decision = 'APPROVED' AND voided_at IS NULL;
-- create index "review_reviewer_id_created_at" to table: "reviews"
CREATE INDEX `review_reviewer_id_created_at` ON `reviews` (`reviewer_id`, `created_at`);
-- create "roles" table
CREATE TABLE `roles` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `description` text NULL, `permissions` json NOT NULL, `built_in` bool NOT NULL DEFAULT (false), CONSTRAINT `roles_version` CHECK (version > 0));
-- create index "roles_name_key" to table: "roles"
CREATE UNIQUE INDEX `roles_name_key` ON `roles` (`name`);
-- create index "role_created_at" to table: "roles"
CREATE INDEX `role_created_at` ON `roles` (`created_at`);
-- create "service_records" table
CREATE TABLE `service_records` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `kind` text NOT NULL, `text` text NOT NULL, `due_at` datetime NULL, `completed_at` datetime NULL, `user_id` integer NOT NULL, `author_id` integer NULL, `assignee_id` integer NULL, CONSTRAINT `service_records_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `service_records_staff_author` FOREIGN KEY (`author_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `service_records_staff_assignee` FOREIGN KEY (`assignee_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `service_records_kind` CHECK (kind IN ('CALL', 'VISIT', 'MESSAGE', 'COMPLAINT', 'TASK')), CONSTRAINT `service_records_version` CHECK (version > 0));
-- create index "servicerecord_created_at" to table: "service_records"
CREATE INDEX `servicerecord_created_at` ON `service_records` (`created_at`);
-- create index "servicerecord_user_id_created_at" to table: "service_records"
CREATE INDEX `servicerecord_user_id_created_at` ON `service_records` (`user_id`, `created_at`);
-- create index "servicerecord_assignee_id_created_at" to table: "service_records"
CREATE INDEX `servicerecord_assignee_id_created_at` ON `service_records` (`assignee_id`, `created_at`);
-- create index "servicerecord_completed_at_due_at" to table: "service_records"
CREATE INDEX `servicerecord_completed_at_due_at` ON `service_records` (`completed_at`, `due_at`);
-- create index "servicerecord_kind_created_at" to table: "service_records"
CREATE INDEX `servicerecord_kind_created_at` ON `service_records` (`kind`, `created_at`);
-- create "service_requests" table
CREATE TABLE `service_requests` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `kind` text NOT NULL, `months` integer NULL, `reason` text NULL, `valid_until` datetime NULL, `loan_id` integer NOT NULL, CONSTRAINT `service_requests_loans_loan` FOREIGN KEY (`loan_id`) REFERENCES `loans` (`id`) ON DELETE NO ACTION, CONSTRAINT `service_requests_kind` CHECK (kind IN ('EARLY_SETTLEMENT', 'EXTENSION')), CONSTRAINT `service_requests_months` CHECK ((kind = 'EXTENSION') = (months IS NOT NULL) AND (months IS NULL OR months > 0)), CONSTRAINT `service_requests_status` CHECK (status IN ('REQUESTED', 'APPROVED', 'REJECTED')), CONSTRAINT `service_requests_version` CHECK (version > 0));
-- create index "servicerequest_created_at" to table: "service_requests"
CREATE INDEX `servicerequest_created_at` ON `service_requests` (`created_at`);
-- create index "servicerequest_status_created_at" to table: "service_requests"
CREATE INDEX `servicerequest_status_created_at` ON `service_requests` (`status`, `created_at`);
-- create index "servicerequest_status_status_since" to table: "service_requests"
CREATE INDEX `servicerequest_status_status_since` ON `service_requests` (`status`, `status_since`);
-- create index "servicerequest_loan_id_created_at" to table: "service_requests"
CREATE INDEX `servicerequest_loan_id_created_at` ON `service_requests` (`loan_id`, `created_at`);
-- create index "service_requests_open" to table: "service_requests"
CREATE UNIQUE INDEX `service_requests_open` ON `service_requests` (`loan_id`, `kind`) WHERE status = 'REQUESTED';
-- create "sessions" table
CREATE TABLE `sessions` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `token_hash` blob NOT NULL, `expires_at` datetime NOT NULL, `user_id` integer NULL, `staff_id` integer NULL, CONSTRAINT `sessions_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE, CONSTRAINT `sessions_staff_staff` FOREIGN KEY (`staff_id`) REFERENCES `staff` (`id`) ON DELETE CASCADE, CONSTRAINT `sessions_somebody` CHECK ((user_id IS NULL) <> (staff_id IS NULL)));
-- create index "sessions_token_hash_key" to table: "sessions"
CREATE UNIQUE INDEX `sessions_token_hash_key` ON `sessions` (`token_hash`);
-- create index "session_created_at" to table: "sessions"
CREATE INDEX `session_created_at` ON `sessions` (`created_at`);
-- create index "session_user_id" to table: "sessions"
CREATE INDEX `session_user_id` ON `sessions` (`user_id`);
-- create index "session_staff_id" to table: "sessions"
CREATE INDEX `session_staff_id` ON `sessions` (`staff_id`);
-- create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
-- create "staff" table
CREATE TABLE `staff` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `name` text NOT NULL, `email` text NOT NULL, `phone` blob NULL, `phone_hash` text NULL, `national_id_hash` text NULL, `password_hash` text NULL, `locale` text NOT NULL, `employee_number` text NULL, `department` text NULL, `company_id` integer NULL, CONSTRAINT `staff_companies_company` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON DELETE SET NULL, CONSTRAINT `staff_password` CHECK (status <> 'ACTIVE' OR password_hash IS NOT NULL), CONSTRAINT `staff_phone` CHECK ((phone IS NULL) = (phone_hash IS NULL)), CONSTRAINT `staff_status` CHECK (status IN ('INVITED', 'ACTIVE', 'DEACTIVATED')), CONSTRAINT `staff_version` CHECK (version > 0));
-- create index "staff_email_key" to table: "staff"
CREATE UNIQUE INDEX `staff_email_key` ON `staff` (`email`);
-- create index "staff_phone_hash_key" to table: "staff"
CREATE UNIQUE INDEX `staff_phone_hash_key` ON `staff` (`phone_hash`);
-- create index "staff_employee_number_key" to table: "staff"
CREATE UNIQUE INDEX `staff_employee_number_key` ON `staff` (`employee_number`);
-- create index "staff_created_at" to table: "staff"
CREATE INDEX `staff_created_at` ON `staff` (`created_at`);
-- create index "staff_status_created_at" to table: "staff"
CREATE INDEX `staff_status_created_at` ON `staff` (`status`, `created_at`);
-- create index "staff_status_status_since" to table: "staff"
CREATE INDEX `staff_status_status_since` ON `staff` (`status`, `status_since`);
-- create index "staff_name" to table: "staff"
CREATE INDEX `staff_name` ON `staff` (`name`);
-- create index "staff_company_id_created_at" to table: "staff"
CREATE INDEX `staff_company_id_created_at` ON `staff` (`company_id`, `created_at`);
-- create index "staff_department" to table: "staff"
CREATE INDEX `staff_department` ON `staff` (`department`);
-- create "users" table
CREATE TABLE `users` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `name` text NOT NULL, `email` text NULL, `phone` blob NULL, `phone_hash` text NULL, `national_id` blob NULL, `national_id_hash` text NULL, `password_hash` text NULL, `locale` text NOT NULL, `borrower` bool NOT NULL DEFAULT (false), `investor` bool NOT NULL DEFAULT (false), `tags` json NULL, `source` text NULL, `company_id` integer NULL, `account_manager_id` integer NULL, `previous_user_id` integer NULL, `joined_into_id` integer NULL, `created_by_id` integer NULL, CONSTRAINT `users_companies_company` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON DELETE SET NULL, CONSTRAINT `users_staff_account_manager` FOREIGN KEY (`account_manager_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `users_users_later_users` FOREIGN KEY (`previous_user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `users_users_joined_users` FOREIGN KEY (`joined_into_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `users_staff_created_by` FOREIGN KEY (`created_by_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `users_national_id` CHECK ((national_id IS NULL) = (national_id_hash IS NULL)), CONSTRAINT `users_phone` CHECK ((phone IS NULL) = (phone_hash IS NULL)), CONSTRAINT `users_registered` CHECK (status IN ('POTENTIAL', 'CLOSED') OR (email IS NOT NULL AND phone_hash IS NOT NULL AND password_hash IS NOT NULL AND (borrower OR investor))), CONSTRAINT `users_status` CHECK (status IN ('POTENTIAL', 'PENDING_REVIEW', 'RETURNED', 'ACTIVE', 'REJECTED', 'WITHDRAWN', 'SUSPENDED', 'CLOSED')), CONSTRAINT `users_version` CHECK (version > 0));
-- create index "user_created_at" to table: "users"
CREATE INDEX `user_created_at` ON `users` (`created_at`);
-- create index "user_status_created_at" to table: "users"
CREATE INDEX `user_status_created_at` ON `users` (`status`, `created_at`);
-- create index "user_status_status_since" to table: "users"
CREATE INDEX `user_status_status_since` ON `users` (`status`, `status_since`);
-- create index "users_email_occupied" to table: "users"
CREATE UNIQUE INDEX `users_email_occupied` ON `users` (`email`) WHERE status NOT IN ('POTENTIAL', 'WITHDRAWN', 'CLOSED');
-- create index "users_phone_occupied" to table: "users"
CREATE UNIQUE INDEX `users_phone_occupied` ON `users` (`phone_hash`) WHERE status NOT IN ('POTENTIAL', 'WITHDRAWN', 'CLOSED');
-- create index "users_national_id_occupied" to table: "users"
CREATE UNIQUE INDEX `users_national_id_occupied` ON `users` (`national_id_hash`) WHERE status NOT IN ('POTENTIAL', 'WITHDRAWN', 'CLOSED');
-- create index "user_email" to table: "users"
CREATE INDEX `user_email` ON `users` (`email`);
-- create index "user_phone_hash" to table: "users"
CREATE INDEX `user_phone_hash` ON `users` (`phone_hash`);
-- create index "user_national_id_hash" to table: "users"
CREATE INDEX `user_national_id_hash` ON `users` (`national_id_hash`);
-- create index "user_name" to table: "users"
CREATE INDEX `user_name` ON `users` (`name`);
-- create index "user_company_id_created_at" to table: "users"
CREATE INDEX `user_company_id_created_at` ON `users` (`company_id`, `created_at`);
-- create index "user_account_manager_id_created_at" to table: "users"
CREATE INDEX `user_account_manager_id_created_at` ON `users` (`account_manager_id`, `created_at`);
-- create index "user_previous_user_id" to table: "users"
CREATE INDEX `user_previous_user_id` ON `users` (`previous_user_id`);
-- create index "user_joined_into_id" to table: "users"
CREATE INDEX `user_joined_into_id` ON `users` (`joined_into_id`);
-- create "api_key_roles" table
CREATE TABLE `api_key_roles` (`api_key_id` integer NOT NULL, `role_id` integer NOT NULL, PRIMARY KEY (`api_key_id`, `role_id`), CONSTRAINT `api_key_roles_api_key_id` FOREIGN KEY (`api_key_id`) REFERENCES `api_keys` (`id`) ON DELETE CASCADE, CONSTRAINT `api_key_roles_role_id` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE CASCADE);
-- create "staff_roles" table
CREATE TABLE `staff_roles` (`staff_id` integer NOT NULL, `role_id` integer NOT NULL, PRIMARY KEY (`staff_id`, `role_id`), CONSTRAINT `staff_roles_staff_id` FOREIGN KEY (`staff_id`) REFERENCES `staff` (`id`) ON DELETE CASCADE, CONSTRAINT `staff_roles_role_id` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE CASCADE);
