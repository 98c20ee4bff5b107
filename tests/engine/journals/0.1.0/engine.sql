BEGIN TRANSACTION;
CREATE TABLE application_versions (
    version_id TEXT NOT NULL PRIMARY KEY,
    version_name TEXT NOT NULL UNIQUE,
    version_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL);
INSERT INTO "application_versions" VALUES('94f1033c-8cc5-4613-ba26-4c6347ee3645','seaway-1',1795472234000,1795472234000,'seaway');
CREATE TABLE dbos_migrations (version INTEGER NOT NULL PRIMARY KEY);
INSERT INTO "dbos_migrations" VALUES(125);
CREATE TABLE effects (
	"key" VARCHAR NOT NULL, 
	rollout VARCHAR NOT NULL, 
	seq INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	request TEXT NOT NULL, 
	intent_at FLOAT NOT NULL, 
	outcome TEXT, 
	done_at FLOAT, 
	epoch INTEGER NOT NULL, 
	PRIMARY KEY ("key"), 
	FOREIGN KEY(rollout) REFERENCES rollouts (id)
);
INSERT INTO "effects" VALUES('ro-1m857r6jm-acw3:2:0','ro-1m857r6jm-acw3',2,0,'converge_instances','{"keep":[],"kind":"converge_instances","replicas":2,"side":"candidate"}',1.79547223517155909531e+09,'[]',1.79547223523411798471e+09,1795472234);
INSERT INTO "effects" VALUES('ro-1m857r6jm-acw3:3:0','ro-1m857r6jm-acw3',3,0,'converge_routing','{"kind":"converge_routing","routing":{"backends":[{"addresses":["127.0.0.1:41001","127.0.0.1:41002"],"revision":"shop-aaaaaaaaaaaa","weight":1000000}],"generation":1001,"listen":true,"preview":"","preview_host":"","readiness":{"command":[],"failures":3,"interval":"1s","kind":"http","path":"/ready","successes":1,"timeout":"1s"},"routes":[{"drain":"1s","hosts":[],"idle_timeout":"5m","paths":["/"],"protocol":"http/1.1","retries":1,"timeout":null,"websocket":false}],"service":"shop","sticky":null}}',1.7954722352768480777e+09,'[]',1.79547223529765892025e+09,1795472234);
INSERT INTO "effects" VALUES('ro-1m857r6jm-acw3:5:0','ro-1m857r6jm-acw3',5,0,'count_losses','{"cut":0,"kind":"count_losses","since":"2026-11-23T22:17:15.092064Z","until":"2026-11-23T22:17:15.339915Z"}',1.79547223533991503717e+09,'[{"kind":"loss_seen","loss":{"cut":0,"failed":0,"retried":0,"served":69,"sides":{"shop-aaaaaaaaaaaa":{"failed":0,"max_ms":null,"p50_ms":null,"p999_ms":null,"p99_ms":null,"retried":0,"served":69}},"unseen_s":0.0}}]',1.79547223536694598201e+09,1795472234);
INSERT INTO "effects" VALUES('ro-1m857r8yc-4ffd:2:0','ro-1m857r8yc-4ffd',2,0,'converge_instances','{"keep":[],"kind":"converge_instances","replicas":1,"side":"candidate"}',1.79547223764157700539e+09,'[]',1.79547223769994592663e+09,1795472237);
INSERT INTO "effects" VALUES('ro-1m857r8yc-4ffd:3:0','ro-1m857r8yc-4ffd',3,0,'converge_routing','{"kind":"converge_routing","routing":{"backends":[{"addresses":["127.0.0.1:41003"],"revision":"shop-bbbbbbbbbbbb","weight":100000},{"addresses":["127.0.0.1:41001","127.0.0.1:41002"],"revision":"shop-aaaaaaaaaaaa","weight":900000}],"generation":2002,"listen":true,"preview":"","preview_host":"","readiness":{"command":[],"failures":3,"interval":"1s","kind":"http","path":"/ready","successes":1,"timeout":"1s"},"routes":[{"drain":"1s","hosts":[],"idle_timeout":"5m","paths":["/"],"protocol":"http/1.1","retries":1,"timeout":null,"websocket":false}],"service":"shop","sticky":null}}',1.79547223775797200199e+09,NULL,NULL,1795472237);
CREATE TABLE events (
	sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" VARCHAR NOT NULL, 
	rollout VARCHAR NOT NULL, 
	type VARCHAR NOT NULL, 
	document TEXT NOT NULL, 
	UNIQUE ("key")
);
INSERT INTO "events" VALUES(1,'ro-1m857r6jm-acw3:2:0:rollout.admitted','ro-1m857r6jm-acw3','rollout.admitted','{"context":{"specversion":"0.5.1","id":"46bdad5a-a7e8-58a1-9131-df599afea310","source":"/seaway/production/shop","type":"dev.cdevents.pipelinerun.queued.0.3.0","timestamp":"2026-11-23T22:17:15.171Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"ro-1m857r6jm-acw3","content":{"pipelineName":"shop to production","uri":"seaway://local/rollouts/ro-1m857r6jm-acw3"},"source":"/seaway/production/shop"},"customData":{"seaway":{"actor":"tester","event":"rollout.admitted","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"preparing","step":0,"sequence":1,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(2,'ro-1m857r6jm-acw3:2:1:rollout.started','ro-1m857r6jm-acw3','rollout.started','{"context":{"specversion":"0.5.1","id":"4947cd8e-d949-524b-88e0-f51800380770","source":"/seaway/production/shop","type":"dev.cdevents.pipelinerun.started.0.3.0","timestamp":"2026-11-23T22:17:15.171Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"ro-1m857r6jm-acw3","content":{"pipelineName":"shop to production","uri":"seaway://local/rollouts/ro-1m857r6jm-acw3"},"source":"/seaway/production/shop"},"customData":{"seaway":{"strategy":"first","event":"rollout.started","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"preparing","step":0,"sequence":2,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(3,'ro-1m857r6jm-acw3:2:2:step.started','ro-1m857r6jm-acw3','step.started','{"context":{"specversion":"0.5.1","id":"763d74aa-01d6-5395-a072-942ad37aad98","source":"/seaway/production/shop","type":"dev.cdevents.taskrun.started.0.3.0","timestamp":"2026-11-23T22:17:15.171Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"ro-1m857r6jm-acw3/step-0","content":{"taskName":"scale","pipelineRun":{"id":"ro-1m857r6jm-acw3"}},"source":"/seaway/production/shop"},"customData":{"seaway":{"step":0,"kind":"scale","event":"step.started","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"preparing","sequence":3,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(4,'ro-1m857r6jm-acw3:3:0:step.finished','ro-1m857r6jm-acw3','step.finished','{"context":{"specversion":"0.5.1","id":"755da3e2-6abd-5ef7-ae77-3d15252239b0","source":"/seaway/production/shop","type":"dev.cdevents.taskrun.finished.0.3.0","timestamp":"2026-11-23T22:17:15.276Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"ro-1m857r6jm-acw3/step-0","content":{"taskName":"scale","pipelineRun":{"id":"ro-1m857r6jm-acw3"},"outcome":"success"},"source":"/seaway/production/shop"},"customData":{"seaway":{"step":0,"kind":"scale","outcome":"done","event":"step.finished","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"shifting","sequence":4,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(5,'ro-1m857r6jm-acw3:3:1:step.started','ro-1m857r6jm-acw3','step.started','{"context":{"specversion":"0.5.1","id":"61a2dd41-0e3a-5372-8bb8-82857f64d85a","source":"/seaway/production/shop","type":"dev.cdevents.taskrun.started.0.3.0","timestamp":"2026-11-23T22:17:15.276Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"ro-1m857r6jm-acw3/step-1","content":{"taskName":"set_weight","pipelineRun":{"id":"ro-1m857r6jm-acw3"}},"source":"/seaway/production/shop"},"customData":{"seaway":{"step":1,"kind":"set_weight","event":"step.started","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"shifting","sequence":5,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(6,'ro-1m857r6jm-acw3:4:0:weight.verified','ro-1m857r6jm-acw3','weight.verified','{"context":{"specversion":"0.5.1","id":"1978d53f-a730-56e6-893b-6ffbddb7526d","source":"/seaway/production/shop","type":"dev.cdevents.service.upgraded.0.3.0","timestamp":"2026-11-23T22:17:15.308Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"shop","content":{"environment":{"id":"production"},"artifactId":"pkg:generic/shop@sha256%3Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"source":"/seaway/production/shop"},"customData":{"seaway":{"weight":1000000,"generation":1001,"workers":2,"event":"weight.verified","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"verifying_route","step":1,"sequence":6,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(7,'ro-1m857r6jm-acw3:5:0:weight.observed','ro-1m857r6jm-acw3','weight.observed','{"context":{"specversion":"0.5.1","id":"1c8b5079-ff54-5d3f-8056-c661692100e4","source":"/seaway/production/shop","type":"dev.cdevents.taskrun.finished.0.3.0","timestamp":"2026-11-23T22:17:15.339Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"ro-1m857r6jm-acw3/observe-7","content":{"taskName":"observe","pipelineRun":{"id":"ro-1m857r6jm-acw3"}},"source":"/seaway/production/shop"},"customData":{"seaway":{"weight":1000000,"requests":31,"candidate":31,"event":"weight.observed","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"succeeded","step":3,"sequence":7,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(8,'ro-1m857r6jm-acw3:5:1:step.finished','ro-1m857r6jm-acw3','step.finished','{"context":{"specversion":"0.5.1","id":"0c8eeeaa-2520-5301-b0fd-3dc5ddb6b6e1","source":"/seaway/production/shop","type":"dev.cdevents.taskrun.finished.0.3.0","timestamp":"2026-11-23T22:17:15.339Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"ro-1m857r6jm-acw3/step-1","content":{"taskName":"set_weight","pipelineRun":{"id":"ro-1m857r6jm-acw3"},"outcome":"success"},"source":"/seaway/production/shop"},"customData":{"seaway":{"step":1,"kind":"set_weight","outcome":"done","event":"step.finished","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"succeeded","sequence":8,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(9,'ro-1m857r6jm-acw3:5:2:step.started','ro-1m857r6jm-acw3','step.started','{"context":{"specversion":"0.5.1","id":"c73897dc-0d81-5282-adcb-4b8145691862","source":"/seaway/production/shop","type":"dev.cdevents.taskrun.started.0.3.0","timestamp":"2026-11-23T22:17:15.339Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"ro-1m857r6jm-acw3/step-2","content":{"taskName":"promote","pipelineRun":{"id":"ro-1m857r6jm-acw3"}},"source":"/seaway/production/shop"},"customData":{"seaway":{"step":2,"kind":"promote","event":"step.started","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"succeeded","sequence":9,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(10,'ro-1m857r6jm-acw3:5:4:promoted','ro-1m857r6jm-acw3','promoted','{"context":{"specversion":"0.5.1","id":"b32e7755-23d2-5f2a-8e8e-3207f2b0d995","source":"/seaway/production/shop","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-11-23T22:17:15.339Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"shop","content":{"environment":{"id":"production"},"artifactId":"pkg:generic/shop@sha256%3Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"source":"/seaway/production/shop"},"customData":{"seaway":{"revision":"shop-aaaaaaaaaaaa","event":"promoted","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"succeeded","step":3,"sequence":10,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(11,'ro-1m857r6jm-acw3:5:5:step.finished','ro-1m857r6jm-acw3','step.finished','{"context":{"specversion":"0.5.1","id":"d06fad23-3a1b-5653-87b0-ee6606cfa169","source":"/seaway/production/shop","type":"dev.cdevents.taskrun.finished.0.3.0","timestamp":"2026-11-23T22:17:15.339Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"ro-1m857r6jm-acw3/step-2","content":{"taskName":"promote","pipelineRun":{"id":"ro-1m857r6jm-acw3"},"outcome":"success"},"source":"/seaway/production/shop"},"customData":{"seaway":{"step":2,"kind":"promote","outcome":"done","event":"step.finished","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"succeeded","sequence":11,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(12,'ro-1m857r6jm-acw3:5:8:rollout.finished','ro-1m857r6jm-acw3','rollout.finished','{"context":{"specversion":"0.5.1","id":"09150884-4b1d-5095-892f-b1b574d40782","source":"/seaway/production/shop","type":"dev.cdevents.pipelinerun.finished.0.3.0","timestamp":"2026-11-23T22:17:15.339Z","chainId":"2d4893cc-f4c6-5c77-83c1-e864accc91f1"},"subject":{"id":"ro-1m857r6jm-acw3","content":{"pipelineName":"shop to production","uri":"seaway://local/rollouts/ro-1m857r6jm-acw3","outcome":"success"},"source":"/seaway/production/shop"},"customData":{"seaway":{"outcome":"succeeded","reason":"","cut":0,"event":"rollout.finished","rollout":"ro-1m857r6jm-acw3","service":"shop","environment":"production","state":"succeeded","step":3,"sequence":12,"plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","revisions":{"candidate":"shop-aaaaaaaaaaaa","stable":null}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(13,'ro-1m857r8yc-4ffd:2:0:rollout.admitted','ro-1m857r8yc-4ffd','rollout.admitted','{"context":{"specversion":"0.5.1","id":"d71237a2-9967-5cf6-a7a5-7d7d82c4927d","source":"/seaway/production/shop","type":"dev.cdevents.pipelinerun.queued.0.3.0","timestamp":"2026-11-23T22:17:17.641Z","chainId":"8dfbc104-d26e-533e-8211-1202c6e771c2"},"subject":{"id":"ro-1m857r8yc-4ffd","content":{"pipelineName":"shop to production","uri":"seaway://local/rollouts/ro-1m857r8yc-4ffd"},"source":"/seaway/production/shop"},"customData":{"seaway":{"actor":"tester","event":"rollout.admitted","rollout":"ro-1m857r8yc-4ffd","service":"shop","environment":"production","state":"preparing","step":0,"sequence":13,"plan_hash":"0ce71e3ee5cfe0bc8752e83dc8d875e60175366afa0733a25d881dbe682e5d10","revisions":{"candidate":"shop-bbbbbbbbbbbb","stable":"shop-aaaaaaaaaaaa"}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(14,'ro-1m857r8yc-4ffd:2:1:rollout.started','ro-1m857r8yc-4ffd','rollout.started','{"context":{"specversion":"0.5.1","id":"7e0334b8-85b8-5ac4-813e-668344feda8f","source":"/seaway/production/shop","type":"dev.cdevents.pipelinerun.started.0.3.0","timestamp":"2026-11-23T22:17:17.641Z","chainId":"8dfbc104-d26e-533e-8211-1202c6e771c2"},"subject":{"id":"ro-1m857r8yc-4ffd","content":{"pipelineName":"shop to production","uri":"seaway://local/rollouts/ro-1m857r8yc-4ffd"},"source":"/seaway/production/shop"},"customData":{"seaway":{"strategy":"canary","event":"rollout.started","rollout":"ro-1m857r8yc-4ffd","service":"shop","environment":"production","state":"preparing","step":0,"sequence":14,"plan_hash":"0ce71e3ee5cfe0bc8752e83dc8d875e60175366afa0733a25d881dbe682e5d10","revisions":{"candidate":"shop-bbbbbbbbbbbb","stable":"shop-aaaaaaaaaaaa"}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(15,'ro-1m857r8yc-4ffd:2:2:step.started','ro-1m857r8yc-4ffd','step.started','{"context":{"specversion":"0.5.1","id":"c5440533-87c5-503c-9cad-eed17106fef2","source":"/seaway/production/shop","type":"dev.cdevents.taskrun.started.0.3.0","timestamp":"2026-11-23T22:17:17.641Z","chainId":"8dfbc104-d26e-533e-8211-1202c6e771c2"},"subject":{"id":"ro-1m857r8yc-4ffd/step-0","content":{"taskName":"scale","pipelineRun":{"id":"ro-1m857r8yc-4ffd"}},"source":"/seaway/production/shop"},"customData":{"seaway":{"step":0,"kind":"scale","event":"step.started","rollout":"ro-1m857r8yc-4ffd","service":"shop","environment":"production","state":"preparing","sequence":15,"plan_hash":"0ce71e3ee5cfe0bc8752e83dc8d875e60175366afa0733a25d881dbe682e5d10","revisions":{"candidate":"shop-bbbbbbbbbbbb","stable":"shop-aaaaaaaaaaaa"}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(16,'ro-1m857r8yc-4ffd:3:0:step.finished','ro-1m857r8yc-4ffd','step.finished','{"context":{"specversion":"0.5.1","id":"55a8a050-d23c-576b-9d19-d38016659688","source":"/seaway/production/shop","type":"dev.cdevents.taskrun.finished.0.3.0","timestamp":"2026-11-23T22:17:17.757Z","chainId":"8dfbc104-d26e-533e-8211-1202c6e771c2"},"subject":{"id":"ro-1m857r8yc-4ffd/step-0","content":{"taskName":"scale","pipelineRun":{"id":"ro-1m857r8yc-4ffd"},"outcome":"success"},"source":"/seaway/production/shop"},"customData":{"seaway":{"step":0,"kind":"scale","outcome":"done","event":"step.finished","rollout":"ro-1m857r8yc-4ffd","service":"shop","environment":"production","state":"shifting","sequence":16,"plan_hash":"0ce71e3ee5cfe0bc8752e83dc8d875e60175366afa0733a25d881dbe682e5d10","revisions":{"candidate":"shop-bbbbbbbbbbbb","stable":"shop-aaaaaaaaaaaa"}}},"customDataContentType":"application/json"}');
INSERT INTO "events" VALUES(17,'ro-1m857r8yc-4ffd:3:1:step.started','ro-1m857r8yc-4ffd','step.started','{"context":{"specversion":"0.5.1","id":"6d040207-80a6-5362-badd-13b9d779dacd","source":"/seaway/production/shop","type":"dev.cdevents.taskrun.started.0.3.0","timestamp":"2026-11-23T22:17:17.757Z","chainId":"8dfbc104-d26e-533e-8211-1202c6e771c2"},"subject":{"id":"ro-1m857r8yc-4ffd/step-1","content":{"taskName":"set_weight","pipelineRun":{"id":"ro-1m857r8yc-4ffd"}},"source":"/seaway/production/shop"},"customData":{"seaway":{"step":1,"kind":"set_weight","event":"step.started","rollout":"ro-1m857r8yc-4ffd","service":"shop","environment":"production","state":"shifting","sequence":17,"plan_hash":"0ce71e3ee5cfe0bc8752e83dc8d875e60175366afa0733a25d881dbe682e5d10","revisions":{"candidate":"shop-bbbbbbbbbbbb","stable":"shop-aaaaaaaaaaaa"}}},"customDataContentType":"application/json"}');
CREATE TABLE inbox (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	rollout VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	event TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	actor VARCHAR NOT NULL, 
	done_seq INTEGER, 
	FOREIGN KEY(rollout) REFERENCES rollouts (id), 
	UNIQUE ("key")
);
INSERT INTO "inbox" VALUES(1,'ro-1m857r6jm-acw3','ro-1m857r6jm-acw3:admit','{"kind":"admit"}',1.79547223509206390376e+09,'engine',2);
INSERT INTO "inbox" VALUES(2,'ro-1m857r6jm-acw3','ro-1m857r6jm-acw3:5:0:0','{"kind":"loss_seen","loss":{"cut":0,"failed":0,"retried":0,"served":69,"sides":{"shop-aaaaaaaaaaaa":{"failed":0,"max_ms":null,"p50_ms":null,"p999_ms":null,"p99_ms":null,"retried":0,"served":69}},"unseen_s":0.0}}',1.79547223536694598201e+09,'engine',6);
INSERT INTO "inbox" VALUES(3,'ro-1m857r8yc-4ffd','ro-1m857r8yc-4ffd:admit','{"kind":"admit"}',1.79547223751696705821e+09,'engine',2);
CREATE TABLE nodes (
	epoch INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	pid INTEGER NOT NULL, 
	heartbeat FLOAT NOT NULL, 
	fenced BOOLEAN NOT NULL, 
	PRIMARY KEY (epoch)
);
INSERT INTO "nodes" VALUES(1795472234,'seaway-local','host',3204,1.79547223484592509273e+09,1);
INSERT INTO "nodes" VALUES(1795472237,'seaway-local','host',3372,1795472237.32248,0);
CREATE TABLE notifications (
    message_uuid TEXT NOT NULL DEFAULT (hex(randomblob(16))) PRIMARY KEY,
    destination_uuid TEXT NOT NULL,
    topic TEXT,
    message TEXT NOT NULL,
    created_at_epoch_ms INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000), "serialization" TEXT DEFAULT NULL, "consumed" BOOLEAN NOT NULL DEFAULT FALSE, consumed_by_function_id INTEGER,
    FOREIGN KEY (destination_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE "operation_outputs" (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    function_name TEXT NOT NULL DEFAULT '',
    output TEXT,
    error TEXT,
    child_workflow_id TEXT,
    started_at_epoch_ms INTEGER,
    completed_at_epoch_ms INTEGER,
    serialization TEXT,
    application_name TEXT DEFAULT NULL,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    PRIMARY KEY (workflow_uuid, function_id)
);
INSERT INTO "operation_outputs" VALUES('ro-1m857r6jm-acw3:2',1,'effect','[]',NULL,NULL,1795472235203,1795472235238,'seaway_json','seaway',1795472235000);
INSERT INTO "operation_outputs" VALUES('ro-1m857r6jm-acw3:3',1,'effect','[]',NULL,NULL,1795472235292,1795472235299,'seaway_json','seaway',1795472235000);
INSERT INTO "operation_outputs" VALUES('ro-1m857r6jm-acw3:5',1,'effect','[{"loss":{"served":69,"failed":0,"retried":0,"cut":0,"unseen_s":0.0,"sides":{"shop-aaaaaaaaaaaa":{"served":69,"failed":0,"retried":0,"p50_ms":null,"p99_ms":null,"p999_ms":null,"max_ms":null}}},"kind":"loss_seen"}]',NULL,NULL,1795472235360,1795472235382,'seaway_json','seaway',1795472235000);
INSERT INTO "operation_outputs" VALUES('ro-1m857r8yc-4ffd:2',1,'effect','[]',NULL,NULL,1795472237676,1795472237707,'seaway_json','seaway',1795472237000);
CREATE TABLE outbox (
	sink VARCHAR NOT NULL, 
	delivered INTEGER NOT NULL, 
	refused TEXT NOT NULL, 
	PRIMARY KEY (sink)
);
INSERT INTO "outbox" VALUES('file',17,'');
CREATE TABLE placements (
	environment VARCHAR NOT NULL, 
	service VARCHAR NOT NULL, 
	document TEXT NOT NULL, 
	"plan" TEXT NOT NULL, 
	routed TEXT NOT NULL, 
	PRIMARY KEY (environment, service)
);
INSERT INTO "placements" VALUES('production','shop','{"environment":"production","generation":1001,"held":"","history":[],"replicas":2,"service":"shop","stable":{"artifact":"","artifact_digest":"","digest":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","id":"shop-aaaaaaaaaaaa","immutable":true,"service":{"artifact":"","before":null,"command":["./serve"],"directory":"","environment":{},"exclude":[],"liveness":null,"name":"shop","owners":[],"readiness":{"command":[],"failures":3,"interval":"1s","kind":"http","path":"/ready","successes":1,"timeout":"1s"},"replicas":2,"routes":[{"drain":"1s","hosts":[],"idle_timeout":"5m","paths":["/"],"protocol":"http/1.1","retries":1,"timeout":null,"websocket":false}],"secrets":{},"start_timeout":"5s","sticky":null,"stop_grace":"1s","stop_signal":"SIGTERM","worker":false}},"warm":[]}','{"candidate":{"artifact":"","artifact_digest":"","digest":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","id":"shop-aaaaaaaaaaaa","immutable":true,"service":{"artifact":"","before":null,"command":["./serve"],"directory":"","environment":{},"exclude":[],"liveness":null,"name":"shop","owners":[],"readiness":{"command":[],"failures":3,"interval":"1s","kind":"http","path":"/ready","successes":1,"timeout":"1s"},"replicas":2,"routes":[{"drain":"1s","hosts":[],"idle_timeout":"5m","paths":["/"],"protocol":"http/1.1","retries":1,"timeout":null,"websocket":false}],"secrets":{},"start_timeout":"5s","sticky":null,"stop_grace":"1s","stop_signal":"SIGTERM","worker":false}},"concurrency":"supersede","drain":"1s","environment":"production","gateway":{"environment":"production","listen":"127.0.0.1:8080","tls":null},"guards":[],"if_engine_lost":{"action":"stay","after":"10m"},"labels":[],"metrics":"envoy","on_unobservable":"continue","prepare_timeout":"30s","router":"envoy","service":"shop","site":"","stable":null,"steps":[{"candidate":2,"kind":"scale","stable":0},{"instances":0,"kind":"set_weight","weight":1000000},{"kind":"promote"}],"strategy":"first","target":"process","tick":"200ms","undo":false,"verify_timeout":"30s","warnings":["first release here: there is nothing to go back to, and nothing to compare with","no objectives: only failing instances and people can stop it"]}','["127.0.0.1:41001","127.0.0.1:41002"]');
CREATE TABLE queues (
    queue_id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    name TEXT NOT NULL UNIQUE,
    concurrency INTEGER,
    worker_concurrency INTEGER,
    rate_limit_max INTEGER,
    rate_limit_period_sec REAL,
    priority_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    partition_queue BOOLEAN NOT NULL DEFAULT FALSE,
    polling_interval_sec REAL NOT NULL DEFAULT 1.0,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL, "partition_concurrency" INTEGER DEFAULT NULL, "partition_worker_concurrency" INTEGER DEFAULT NULL, "partition_rate_limit_max" INTEGER DEFAULT NULL, "partition_rate_limit_period_sec" REAL DEFAULT NULL);
CREATE TABLE revisions (
	id VARCHAR NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "revisions" VALUES('shop-aaaaaaaaaaaa','{"artifact":"","artifact_digest":"","digest":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","id":"shop-aaaaaaaaaaaa","immutable":true,"service":{"artifact":"","before":null,"command":["./serve"],"directory":"","environment":{},"exclude":[],"liveness":null,"name":"shop","owners":[],"readiness":{"command":[],"failures":3,"interval":"1s","kind":"http","path":"/ready","successes":1,"timeout":"1s"},"replicas":2,"routes":[{"drain":"1s","hosts":[],"idle_timeout":"5m","paths":["/"],"protocol":"http/1.1","retries":1,"timeout":null,"websocket":false}],"secrets":{},"start_timeout":"5s","sticky":null,"stop_grace":"1s","stop_signal":"SIGTERM","worker":false}}');
INSERT INTO "revisions" VALUES('shop-bbbbbbbbbbbb','{"artifact":"","artifact_digest":"","digest":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","id":"shop-bbbbbbbbbbbb","immutable":true,"service":{"artifact":"","before":null,"command":["./serve"],"directory":"","environment":{},"exclude":[],"liveness":null,"name":"shop","owners":[],"readiness":{"command":[],"failures":3,"interval":"1s","kind":"http","path":"/ready","successes":1,"timeout":"1s"},"replicas":2,"routes":[{"drain":"1s","hosts":[],"idle_timeout":"5m","paths":["/"],"protocol":"http/1.1","retries":1,"timeout":null,"websocket":false}],"secrets":{},"start_timeout":"5s","sticky":null,"stop_grace":"1s","stop_signal":"SIGTERM","worker":false}}');
CREATE TABLE rollouts (
	id VARCHAR NOT NULL, 
	service VARCHAR NOT NULL, 
	environment VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	seq INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	owner VARCHAR NOT NULL, 
	site VARCHAR NOT NULL, 
	"key" VARCHAR, 
	"plan" TEXT NOT NULL, 
	document TEXT NOT NULL, 
	created FLOAT NOT NULL, 
	updated FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE ("key")
);
INSERT INTO "rollouts" VALUES('ro-1m857r6jm-acw3','shop','production','succeeded',0,6,1795472234,'seaway-local','','submit-a','{"candidate":{"artifact":"","artifact_digest":"","digest":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","id":"shop-aaaaaaaaaaaa","immutable":true,"service":{"artifact":"","before":null,"command":["./serve"],"directory":"","environment":{},"exclude":[],"liveness":null,"name":"shop","owners":[],"readiness":{"command":[],"failures":3,"interval":"1s","kind":"http","path":"/ready","successes":1,"timeout":"1s"},"replicas":2,"routes":[{"drain":"1s","hosts":[],"idle_timeout":"5m","paths":["/"],"protocol":"http/1.1","retries":1,"timeout":null,"websocket":false}],"secrets":{},"start_timeout":"5s","sticky":null,"stop_grace":"1s","stop_signal":"SIGTERM","worker":false}},"concurrency":"supersede","drain":"1s","environment":"production","gateway":{"environment":"production","listen":"127.0.0.1:8080","tls":null},"guards":[],"if_engine_lost":{"action":"stay","after":"10m"},"labels":[],"metrics":"envoy","on_unobservable":"continue","prepare_timeout":"30s","router":"envoy","service":"shop","site":"","stable":null,"steps":[{"candidate":2,"kind":"scale","stable":0},{"instances":0,"kind":"set_weight","weight":1000000},{"kind":"promote"}],"strategy":"first","target":"process","tick":"200ms","undo":false,"verify_timeout":"30s","warnings":["first release here: there is nothing to go back to, and nothing to compare with","no objectives: only failing instances and people can stop it"]}','{"id":"ro-1m857r6jm-acw3","plan_hash":"5d1c047bc1c16601be1f81f5c056605196fdac7308826a320838999151fd2377","actor":"tester","created":"2026-11-23T22:17:15.092064Z","state":"succeeded","step":3,"phase":"retire","since":"2026-11-23T22:17:15.339915Z","deadline":null,"generation":1001,"weights":{"shop-aaaaaaaaaaaa":{"set":1000000,"verified":1000000,"observed":{"ppm":1000000,"requests":31}}},"wanted":{"shop-aaaaaaaaaaaa":2},"steps":[{"started":"2026-11-23T22:17:15.171559Z","ended":"2026-11-23T22:17:15.276848Z","outcome":"done"},{"started":"2026-11-23T22:17:15.276848Z","ended":"2026-11-23T22:17:15.339915Z","outcome":"done"},{"started":"2026-11-23T22:17:15.339915Z","ended":"2026-11-23T22:17:15.339915Z","outcome":"done"}],"approvals":[],"verdicts":[],"waiting":null,"resume_to":null,"reason":"","cut":0,"loss":{"served":69,"failed":0,"retried":0,"cut":0,"unseen_s":0.0,"sides":{"shop-aaaaaaaaaaaa":{"served":69,"failed":0,"retried":0,"p50_ms":null,"p99_ms":null,"p999_ms":null,"max_ms":null}}},"memory":{"admitted":true,"started":true,"entered":3,"looked":true,"ready.shop-aaaaaaaaaaaa":"127.0.0.1:41001 127.0.0.1:41002","wished":1001,"wished_at":1795472235.276848,"routed.shop-aaaaaaaaaaaa":"127.0.0.1:41001 127.0.0.1:41002","proxy":"simulated","verified":1001,"verified_at":1795472235.308829,"base.proxy":"simulated","base.shop-aaaaaaaaaaaa":12,"tested":31,"sight":"seen","promoted":true},"origin":"person","ended":"2026-11-23T22:17:15.339915Z","seq":6,"epoch":1795472234}',1.79547223509206390376e+09,1.79547223538972091673e+09);
INSERT INTO "rollouts" VALUES('ro-1m857r8yc-4ffd','shop','production','shifting',1,3,1795472237,'seaway-local','','submit-b','{"candidate":{"artifact":"","artifact_digest":"","digest":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","id":"shop-bbbbbbbbbbbb","immutable":true,"service":{"artifact":"","before":null,"command":["./serve"],"directory":"","environment":{},"exclude":[],"liveness":null,"name":"shop","owners":[],"readiness":{"command":[],"failures":3,"interval":"1s","kind":"http","path":"/ready","successes":1,"timeout":"1s"},"replicas":2,"routes":[{"drain":"1s","hosts":[],"idle_timeout":"5m","paths":["/"],"protocol":"http/1.1","retries":1,"timeout":null,"websocket":false}],"secrets":{},"start_timeout":"5s","sticky":null,"stop_grace":"1s","stop_signal":"SIGTERM","worker":false}},"concurrency":"supersede","drain":"1s","environment":"production","gateway":{"environment":"production","listen":"127.0.0.1:8080","tls":null},"guards":[],"if_engine_lost":{"action":"stay","after":"10m"},"labels":[],"metrics":"envoy","on_unobservable":"continue","prepare_timeout":"30s","router":"envoy","service":"shop","site":"","stable":{"artifact":"","artifact_digest":"","digest":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","id":"shop-aaaaaaaaaaaa","immutable":true,"service":{"artifact":"","before":null,"command":["./serve"],"directory":"","environment":{},"exclude":[],"liveness":null,"name":"shop","owners":[],"readiness":{"command":[],"failures":3,"interval":"1s","kind":"http","path":"/ready","successes":1,"timeout":"1s"},"replicas":2,"routes":[{"drain":"1s","hosts":[],"idle_timeout":"5m","paths":["/"],"protocol":"http/1.1","retries":1,"timeout":null,"websocket":false}],"secrets":{},"start_timeout":"5s","sticky":null,"stop_grace":"1s","stop_signal":"SIGTERM","worker":false}},"steps":[{"candidate":1,"kind":"scale","stable":2},{"instances":0,"kind":"set_weight","weight":100000},{"deadline":"1h","duration":null,"kind":"pause"},{"candidate":2,"kind":"scale","stable":2},{"instances":0,"kind":"set_weight","weight":1000000},{"kind":"promote"}],"strategy":"canary","target":"process","tick":"200ms","undo":false,"verify_timeout":"30s","warnings":["no objectives: only failing instances and people can stop it"]}','{"id":"ro-1m857r8yc-4ffd","plan_hash":"0ce71e3ee5cfe0bc8752e83dc8d875e60175366afa0733a25d881dbe682e5d10","actor":"tester","created":"2026-11-23T22:17:17.516967Z","state":"shifting","step":1,"phase":"","since":"2026-11-23T22:17:17.757972Z","deadline":"2026-11-23T22:17:47.757972Z","generation":2002,"weights":{"shop-bbbbbbbbbbbb":{"set":100000,"verified":null,"observed":null},"shop-aaaaaaaaaaaa":{"set":900000,"verified":null,"observed":null}},"wanted":{"shop-bbbbbbbbbbbb":1,"shop-aaaaaaaaaaaa":2},"steps":[{"started":"2026-11-23T22:17:17.641577Z","ended":"2026-11-23T22:17:17.757972Z","outcome":"done"},{"started":"2026-11-23T22:17:17.757972Z","ended":null,"outcome":""},{"started":null,"ended":null,"outcome":""},{"started":null,"ended":null,"outcome":""},{"started":null,"ended":null,"outcome":""},{"started":null,"ended":null,"outcome":""}],"approvals":[],"verdicts":[],"waiting":{"what":"every worker of the router to report the new routing","owner":"the engine","until":"2026-11-23T22:17:47.757972Z","then":"it is asked once more"},"resume_to":null,"reason":"","cut":0,"loss":null,"memory":{"admitted":true,"started":true,"entered":2,"looked":true,"ready.shop-bbbbbbbbbbbb":"127.0.0.1:41003","ready.shop-aaaaaaaaaaaa":"127.0.0.1:41001 127.0.0.1:41002","wished":2002,"wished_at":1795472237.757972,"routed.shop-bbbbbbbbbbbb":"127.0.0.1:41003","routed.shop-aaaaaaaaaaaa":"127.0.0.1:41001 127.0.0.1:41002"},"origin":"person","ended":null,"seq":3,"epoch":1795472237}',1.79547223751696705821e+09,1.79547223775797200199e+09);
CREATE TABLE samples (
	id INTEGER NOT NULL, 
	rollout VARCHAR NOT NULL, 
	at FLOAT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE schema_version (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "schema_version" VALUES(1);
CREATE TABLE streams (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    "offset" INTEGER NOT NULL, function_id INTEGER NOT NULL DEFAULT 0, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key, "offset"),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events_history (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, function_id, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid)
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_input (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    inputs TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_input" VALUES('ro-1m857r6jm-acw3:2','{"args":["ro-1m857r6jm-acw3",2,[{"side":"candidate","replicas":2,"keep":[],"kind":"converge_instances"}]],"kwargs":{}}',1795472235000);
INSERT INTO "workflow_input" VALUES('ro-1m857r6jm-acw3:3','{"args":["ro-1m857r6jm-acw3",3,[{"routing":{"service":"shop","generation":1001,"backends":[{"revision":"shop-aaaaaaaaaaaa","weight":1000000,"addresses":["127.0.0.1:41001","127.0.0.1:41002"]}],"routes":[{"hosts":[],"paths":["/"],"protocol":"http/1.1","websocket":false,"timeout":null,"idle_timeout":"5m","retries":1,"drain":"1s"}],"readiness":{"kind":"http","path":"/ready","command":[],"interval":"1s","timeout":"1s","successes":1,"failures":3},"sticky":null,"preview":"","preview_host":"","listen":true},"kind":"converge_routing"}]],"kwargs":{}}',1795472235000);
INSERT INTO "workflow_input" VALUES('ro-1m857r6jm-acw3:5','{"args":["ro-1m857r6jm-acw3",5,[{"since":"2026-11-23T22:17:15.092064Z","until":"2026-11-23T22:17:15.339915Z","cut":0,"kind":"count_losses"}]],"kwargs":{}}',1795472235000);
INSERT INTO "workflow_input" VALUES('ro-1m857r8yc-4ffd:2','{"args":["ro-1m857r8yc-4ffd",2,[{"side":"candidate","replicas":1,"keep":[],"kind":"converge_instances"}]],"kwargs":{}}',1795472237000);
INSERT INTO "workflow_input" VALUES('ro-1m857r8yc-4ffd:3','{"args":["ro-1m857r8yc-4ffd",3,[{"routing":{"service":"shop","generation":2002,"backends":[{"revision":"shop-bbbbbbbbbbbb","weight":100000,"addresses":["127.0.0.1:41003"]},{"revision":"shop-aaaaaaaaaaaa","weight":900000,"addresses":["127.0.0.1:41001","127.0.0.1:41002"]}],"routes":[{"hosts":[],"paths":["/"],"protocol":"http/1.1","websocket":false,"timeout":null,"idle_timeout":"5m","retries":1,"drain":"1s"}],"readiness":{"kind":"http","path":"/ready","command":[],"interval":"1s","timeout":"1s","successes":1,"failures":3},"sticky":null,"preview":"","preview_host":"","listen":true},"kind":"converge_routing"}]],"kwargs":{}}',1795472237000);
CREATE TABLE workflow_output (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    output TEXT,
    error TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_output" VALUES('ro-1m857r6jm-acw3:2','1',NULL,1795472235000);
INSERT INTO "workflow_output" VALUES('ro-1m857r6jm-acw3:3','1',NULL,1795472235000);
INSERT INTO "workflow_output" VALUES('ro-1m857r6jm-acw3:5','1',NULL,1795472235000);
INSERT INTO "workflow_output" VALUES('ro-1m857r8yc-4ffd:2','1',NULL,1795472237000);
CREATE TABLE workflow_schedules (
    schedule_id TEXT PRIMARY KEY,
    schedule_name TEXT NOT NULL UNIQUE,
    workflow_name TEXT NOT NULL,
    workflow_class_name TEXT,
    schedule TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'ACTIVE',
    context TEXT NOT NULL
, "last_fired_at" TEXT DEFAULT NULL, "automatic_backfill" BOOLEAN NOT NULL DEFAULT FALSE, "cron_timezone" TEXT DEFAULT NULL, "queue_name" TEXT DEFAULT NULL, "application_name" TEXT DEFAULT NULL);
CREATE TABLE workflow_status (
    workflow_uuid TEXT PRIMARY KEY,
    status TEXT,
    name TEXT,
    authenticated_user TEXT,
    assumed_role TEXT,
    authenticated_roles TEXT,
    request TEXT,
    output TEXT,
    error TEXT,
    executor_id TEXT,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    application_version TEXT,
    application_id TEXT,
    class_name TEXT DEFAULT NULL,
    config_name TEXT DEFAULT NULL,
    recovery_attempts INTEGER DEFAULT 0,
    queue_name TEXT,
    workflow_timeout_ms INTEGER,
    workflow_deadline_epoch_ms INTEGER,
    inputs TEXT,
    started_at_epoch_ms INTEGER,
    deduplication_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0
, queue_partition_key TEXT, forked_from TEXT, "owner_xid" TEXT DEFAULT NULL, "parent_workflow_id" TEXT DEFAULT NULL, "serialization" TEXT DEFAULT NULL, "delay_until_epoch_ms" BIGINT DEFAULT NULL, "was_forked_from" BOOLEAN NOT NULL DEFAULT FALSE, "rate_limited" BOOLEAN NOT NULL DEFAULT FALSE, "completed_at" BIGINT, "attributes" TEXT, "schedule_name" TEXT, "debounce_deadline_epoch_ms" BIGINT DEFAULT NULL, "is_debounced" BOOLEAN NOT NULL DEFAULT FALSE, "application_name" TEXT DEFAULT NULL, "creator_xid" TEXT DEFAULT NULL);
INSERT INTO "workflow_status" VALUES('ro-1m857r6jm-acw3:2','SUCCESS','carry_out',NULL,NULL,NULL,NULL,NULL,NULL,'seaway-local',1795472235000,1795472235000,'seaway-1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'seaway_json',NULL,0,0,1795472235000,'null',NULL,NULL,0,'seaway','3a3d97e6-0db3-4aa7-8964-38e1114295e4');
INSERT INTO "workflow_status" VALUES('ro-1m857r6jm-acw3:3','SUCCESS','carry_out',NULL,NULL,NULL,NULL,NULL,NULL,'seaway-local',1795472235000,1795472235000,'seaway-1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'seaway_json',NULL,0,0,1795472235000,'null',NULL,NULL,0,'seaway','3dad9ce0-3754-4982-84fa-1d4369a40809');
INSERT INTO "workflow_status" VALUES('ro-1m857r6jm-acw3:5','SUCCESS','carry_out',NULL,NULL,NULL,NULL,NULL,NULL,'seaway-local',1795472235000,1795472235000,'seaway-1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'seaway_json',NULL,0,0,1795472235000,'null',NULL,NULL,0,'seaway','3f68708b-f07a-435c-b35f-6db0869090de');
INSERT INTO "workflow_status" VALUES('ro-1m857r8yc-4ffd:2','SUCCESS','carry_out',NULL,NULL,NULL,NULL,NULL,NULL,'seaway-local',1795472237000,1795472237000,'seaway-1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'seaway_json',NULL,0,0,1795472237000,'null',NULL,NULL,0,'seaway','64e06356-a13c-4826-9ef2-7f974292b84d');
INSERT INTO "workflow_status" VALUES('ro-1m857r8yc-4ffd:3','PENDING','carry_out',NULL,NULL,NULL,NULL,NULL,NULL,'seaway-local',1795472237000,1795472237000,'seaway-1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'2f9c0e80-a27c-482c-b2e9-e94e3dd7e093',NULL,'seaway_json',NULL,0,0,NULL,'null',NULL,NULL,0,'seaway','2f9c0e80-a27c-482c-b2e9-e94e3dd7e093');
CREATE INDEX rollouts_place ON rollouts (environment, service, active);
CREATE INDEX rollouts_active ON rollouts (active);
CREATE INDEX events_rollout ON events (rollout, sequence);
CREATE INDEX samples_rollout ON samples (rollout, at);
CREATE INDEX inbox_open ON inbox (rollout, done_seq);
CREATE INDEX effects_transition ON effects (rollout, seq);
CREATE INDEX effects_open ON effects (done_at, rollout);
CREATE INDEX workflow_status_created_at_index ON workflow_status (created_at);
CREATE INDEX idx_workflow_topic ON notifications (destination_uuid, topic);
CREATE INDEX "idx_workflow_status_delayed" ON "workflow_status" ("delay_until_epoch_ms") WHERE status = 'DELAYED';
CREATE INDEX "idx_workflow_status_forked_from" ON "workflow_status" ("forked_from") WHERE "forked_from" IS NOT NULL;
CREATE INDEX "idx_workflow_status_parent_workflow_id" ON "workflow_status" ("parent_workflow_id") WHERE "parent_workflow_id" IS NOT NULL;
CREATE UNIQUE INDEX "uq_workflow_status_dedup_id" ON "workflow_status" ("queue_name", "deduplication_id") WHERE "deduplication_id" IS NOT NULL;
CREATE INDEX "idx_workflow_status_pending" ON "workflow_status" ("created_at") WHERE "status" = 'PENDING';
CREATE INDEX "idx_workflow_status_failed" ON "workflow_status" ("status", "created_at") WHERE "status" IN ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED');
CREATE INDEX "idx_workflow_status_rate_limited" ON "workflow_status" ("queue_name", "started_at_epoch_ms") WHERE "rate_limited" = TRUE;
CREATE INDEX "idx_workflow_status_completed_at" ON "workflow_status" ("completed_at") WHERE "completed_at" IS NOT NULL;
CREATE INDEX "idx_workflow_status_started_at" ON "workflow_status" ("started_at_epoch_ms") WHERE "started_at_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_workflow_status_schedule_name" ON "workflow_status" ("schedule_name") WHERE "schedule_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_owner_version"
    ON application_versions ("application_name", "version_name")
    WHERE "application_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_unclaimed_version"
    ON application_versions ("version_name")
    WHERE "application_name" IS NULL;
CREATE INDEX idx_workflow_input_retention
    ON workflow_input (retention_timestamp);
CREATE INDEX idx_workflow_output_retention
    ON workflow_output (retention_timestamp);
CREATE INDEX idx_operation_outputs_retention
    ON operation_outputs (retention_timestamp);
CREATE INDEX "idx_workflow_status_in_flight_v2" ON "workflow_status" ("queue_name", "status", "priority", "created_at", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING');
CREATE INDEX "idx_workflow_status_partition_dequeue_v3" ON "workflow_status" ("queue_name", "status", "queue_partition_key", "priority", "created_at", "workflow_uuid", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING') AND "queue_partition_key" IS NOT NULL;
CREATE INDEX "idx_operation_outputs_completed_at_function_name_v2" ON "operation_outputs" ("completed_at_epoch_ms", "function_name", "application_name");
CREATE INDEX "idx_workflow_status_deadline" ON "workflow_status" ("workflow_deadline_epoch_ms") WHERE "status" IN ('ENQUEUED', 'PENDING', 'DELAYED') AND "workflow_deadline_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_application_versions_timestamp" ON "application_versions" ("version_timestamp" DESC);
CREATE INDEX "idx_application_versions_owner_timestamp" ON "application_versions" ("application_name", "version_timestamp" DESC);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('inbox',3);
INSERT INTO "sqlite_sequence" VALUES('events',17);
COMMIT;
