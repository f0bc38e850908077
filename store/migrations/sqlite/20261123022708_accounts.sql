-- +goose NO TRANSACTION
-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_links" table
CREATE TABLE `new_links` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `token_hash` blob NOT NULL, `purpose` text NOT NULL, `email` text NULL, `phone` blob NULL, `phone_hash` text NULL, `expires_at` datetime NOT NULL, `user_id` integer NULL, `staff_id` integer NULL, CONSTRAINT `links_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE, CONSTRAINT `links_staff_staff` FOREIGN KEY (`staff_id`) REFERENCES `staff` (`id`) ON DELETE CASCADE, CONSTRAINT `links_confirms` CHECK ((purpose = 'CONFIRM_EMAIL') = (email IS NOT NULL) AND (purpose = 'CONFIRM_PHONE') = (phone IS NOT NULL AND phone_hash IS NOT NULL)), CONSTRAINT `links_purpose` CHECK (purpose IN ('STAFF_INVITATION', 'RESET_PASSWORD', 'CONFIRM_EMAIL', 'CONFIRM_PHONE')), CONSTRAINT `links_somebody` CHECK ((user_id IS NULL) <> (staff_id IS NULL)));
-- copy rows from old table "links" to new temporary table "new_links"
INSERT INTO `new_links` (`id`, `created_at`, `token_hash`, `purpose`, `expires_at`, `staff_id`) SELECT `id`, `created_at`, `token_hash`, `purpose`, `expires_at`, `staff_id` FROM `links`;
-- drop "links" table after copying rows
DROP TABLE `links`;
-- rename temporary table "new_links" to "links"
ALTER TABLE `new_links` RENAME TO `links`;
-- create index "links_token_hash_key" to table: "links"
CREATE UNIQUE INDEX `links_token_hash_key` ON `links` (`token_hash`);
-- create index "link_created_at" to table: "links"
CREATE INDEX `link_created_at` ON `links` (`created_at`);
-- create index "link_user_id" to table: "links"
CREATE INDEX `link_user_id` ON `links` (`user_id`);
-- create index "link_staff_id" to table: "links"
CREATE INDEX `link_staff_id` ON `links` (`staff_id`);
-- create index "link_expires_at" to table: "links"
CREATE INDEX `link_expires_at` ON `links` (`expires_at`);
-- create "guesses" table
CREATE TABLE `guesses` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `account` text NOT NULL, `address` text NOT NULL, `home` bool NOT NULL, `expires_at` datetime NOT NULL, CONSTRAINT `guesses_account` CHECK (account <> ''));
-- create index "guess_account_expires_at" to table: "guesses"
CREATE INDEX `guess_account_expires_at` ON `guesses` (`account`, `expires_at`);
-- create index "guess_address_expires_at" to table: "guesses"
CREATE INDEX `guess_address_expires_at` ON `guesses` (`address`, `expires_at`);
-- create index "guess_expires_at" to table: "guesses"
CREATE INDEX `guess_expires_at` ON `guesses` (`expires_at`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
