"""Invariants as queries: each names what breaks it, so an empty answer means it holds.

They look at the rows as they stand and trust neither triggers nor constraints.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.text import Text
from engine.machines.instruction import states as attempts
from engine.treasury.documents.states import TRANSITIONS


@dataclass(frozen=True, slots=True)
class Query:
    """`sql` gives one column: what breaks the invariant. `text` says in words what is wrong."""

    text: Text
    sql: str


def _pairs(table: dict[str, frozenset[str]]) -> str:
    """A transition table as SQL: ('UNPAID', 'SENDING'), …"""
    return ", ".join(
        f"('{before}', '{after}')" for before, all_after in table.items() for after in all_after
    )


DOCUMENT_STEPS = _pairs({k.value: frozenset(x.value for x in v) for k, v in TRANSITIONS.items()})
ATTEMPT_STEPS = _pairs(
    {k.value: frozenset(x.value for x in v) for k, v in attempts.TRANSITIONS.items()}
)
LIVE_ATTEMPT = ", ".join(f"'{one.value}'" for one in sorted(attempts.LIVE))

QUERIES: dict[str, tuple[Query, ...]] = {
    "I1": (
        Query(
            Text("vouchers that do not balance", "借贷不平的凭证"),
            "SELECT v.number FROM voucher v JOIN voucher_line l ON l.voucher_id = v.id "
            "GROUP BY v.number, l.currency HAVING sum(l.debit) <> sum(l.credit)",
        ),
        Query(
            Text("vouchers without two lines", "分录不足两行的凭证"),
            "SELECT v.number FROM voucher v LEFT JOIN voucher_line l ON l.voucher_id = v.id "
            "GROUP BY v.number HAVING count(l.line_no) < 2",
        ),
    ),
    "I3": (
        Query(
            Text("documents with two live attempts", "有两条有效指令的单据"),
            "SELECT document_no FROM attempt "  # noqa: S608 - states of the machine, no input
            f"WHERE state IN ({LIVE_ATTEMPT}) GROUP BY document_no HAVING count(*) > 1",
        ),
        Query(
            Text("instruction ids used twice", "重复使用的指令号"),
            "SELECT instruction_id FROM attempt GROUP BY instruction_id HAVING count(*) > 1",
        ),
    ),
    "I4": (
        Query(
            Text("UNKNOWN left without evidence", "无证据而离开未知状态的指令"),
            "SELECT a.instruction_id FROM attempt_event e JOIN attempt a ON a.id = e.attempt_id "
            "WHERE e.from_state IN ('UNKNOWN', 'REVIEW') AND NOT EXISTS "
            "(SELECT 1 FROM bank_message m WHERE m.id = e.evidence_id "
            # Silence past the horizon leads to two persons, and nowhere else.
            "AND (m.kind <> 'no_answer' OR e.to_state = 'REVIEW'))",
        ),
        Query(
            Text("REVIEW called not received by fewer than two persons", "未经双人认定的未到账"),
            "SELECT a.instruction_id FROM attempt_event e JOIN attempt a ON a.id = e.attempt_id "
            "WHERE e.from_state = 'REVIEW' AND e.to_state = 'FAILED' AND a.bank_code = "
            "'NOT_RECEIVED' AND NOT EXISTS (SELECT 1 FROM attempt_resolution r "
            "WHERE r.attempt_id = a.id AND r.decided_by <> r.confirmed_by)",
        ),
    ),
    "I5": (
        Query(
            Text("source documents taken twice", "重复接收的来源单据"),
            "SELECT source_document_no FROM document "
            "GROUP BY source_system, source_document_no HAVING count(*) > 1",
        ),
    ),
    "I6": (
        Query(
            Text("approved by maker, editor or submitter", "由制单、修改或提交人审批的单据"),
            "SELECT r.subject_no FROM approval_verdict v JOIN approval_request r "
            "ON r.id = v.request_id WHERE v.user_id IN (r.maker, r.editor, r.submitter) "
            "OR v.on_behalf_of IN (r.maker, r.editor, r.submitter)",
        ),
        Query(
            Text("approved twice by one person", "同一人审批两次的单据"),
            "SELECT r.subject_no FROM approval_verdict v JOIN approval_request r "
            "ON r.id = v.request_id "
            "CROSS JOIN unnest(array_remove(ARRAY[v.user_id, v.on_behalf_of], NULL)) p "
            "GROUP BY r.id, r.subject_no, p HAVING count(*) > 1",
        ),
        Query(
            Text(
                "approved in another's place without a delegation for it",
                "无有效授权而代他人审批的单据",
            ),
            "SELECT r.subject_no FROM approval_verdict v "
            "JOIN approval_request r ON r.id = v.request_id "
            "JOIN approval_step s ON s.id = v.step_id JOIN organisation o ON o.id = r.org_id "
            "WHERE v.on_behalf_of IS NOT NULL AND NOT EXISTS (SELECT 1 FROM delegation d "
            "WHERE d.id = v.delegation_id AND (d.principal, d.delegate) = "
            "(v.on_behalf_of, v.user_id) AND CAST(v.at AT TIME ZONE 'Asia/Shanghai' AS date) "
            "BETWEEN d.valid_from AND d.valid_until "
            "AND d.org_id = ANY(string_to_array(o.path, '/')) "
            "AND (d.roles IS NULL OR s.role = ANY(d.roles)) "
            "AND (d.categories IS NULL OR r.category = ANY(d.categories)) "
            "AND (d.caps IS NULL OR r.amount <= CAST(d.caps ->> r.currency AS bigint)) "
            "AND (d.given_by = d.principal OR EXISTS (SELECT 1 FROM delegation_event e "
            "WHERE e.delegation_id = d.id AND e.kind = 'confirmed' AND e.at <= v.at "
            "AND e.actor NOT IN (d.given_by, d.delegate))) "
            "AND NOT EXISTS (SELECT 1 FROM delegation_event e "
            "WHERE e.delegation_id = d.id AND e.kind = 'revoked' AND e.at < v.at))",
        ),
        Query(
            Text("released by maker or approver", "由制单人或审批人发起支付的单据"),
            "SELECT d.document_no FROM audit_entry u "
            "JOIN document d ON u.after -> 'documents' ? d.document_no "
            "WHERE u.action = 'payments.release' AND (u.actor = d.created_by OR EXISTS "
            "(SELECT 1 FROM approval_verdict v JOIN approval_request r ON r.id = v.request_id "
            "WHERE r.subject_kind = 'document' AND r.subject_id = d.id "
            "AND u.actor IN (v.user_id, v.on_behalf_of)))",
        ),
        Query(
            Text("matches undone by whoever made them", "由匹配人自行撤销的匹配"),
            "SELECT match_no FROM match_group WHERE retired_by = matched_by",
        ),
        Query(
            Text("rules signed by their author", "由编写人自行复核的规则集"),
            "SELECT name FROM ruleset_version WHERE reviewer = author",
        ),
        Query(
            Text("revisions activated by one person", "由一人激活的规则版本"),
            "SELECT CAST(id AS text) FROM revision WHERE activated_by = approved_by",
        ),
    ),
    "I7": (
        Query(
            Text("sent without an approval of that content", "发出内容未经审批的指令"),
            "SELECT a.instruction_id FROM attempt a WHERE a.state NOT IN ('READY', 'WITHDRAWN') "
            "AND NOT EXISTS (SELECT 1 FROM approval_request r "
            "JOIN approval_verdict v ON v.request_id = r.id AND v.verdict = 'approve' "
            "WHERE r.subject_kind = 'document' AND r.subject_id = a.document_id "
            "AND r.content_hash = a.content_hash)",
        ),
        Query(
            Text(
                "sent another amount or payee than the document's", "与单据金额或收款人不符的指令"
            ),
            "SELECT a.instruction_id FROM attempt a JOIN document d ON d.id = a.document_id "
            "WHERE a.state <> 'WITHDRAWN' AND (a.amount, a.counterparty_account, "
            "a.counterparty_name) IS DISTINCT FROM "
            "(d.amount, d.counterparty_account, d.counterparty_name)",
        ),
    ),
    "I8": (
        Query(
            Text("bank messages whose bytes changed", "内容被改动的银行报文"),
            "SELECT CAST(id AS text) FROM bank_message "
            "WHERE encode(sha256(payload), 'hex') <> sha256",
        ),
        Query(
            Text("tables whose guard against change is off", "防改动触发器被停用的表"),
            "SELECT tgrelid::regclass::text FROM pg_trigger "
            "WHERE tgname IN ('append_only', 'append_only_truncate') AND tgenabled = 'D'",
        ),
    ),
    "I9": (
        Query(
            Text("document steps outside the table", "不在状态表内的单据流转"),
            "SELECT d.document_no "  # noqa: S608 - the table of transitions, no input
            "FROM document_event e JOIN document d ON d.id = e.document_id "
            "WHERE e.from_state IS NOT NULL AND e.from_state <> e.to_state "
            f"AND (e.from_state, e.to_state) NOT IN ({DOCUMENT_STEPS})",
        ),
        Query(
            Text("documents whose steps do not join", "状态不连续的单据"),
            "SELECT document_no FROM (SELECT d.document_no, e.from_state, d.state, e.to_state, "
            "lag(e.to_state) OVER w AS before, lead(e.to_state) OVER w AS next "
            "FROM document_event e JOIN document d ON d.id = e.document_id "
            "WINDOW w AS (PARTITION BY e.document_id ORDER BY e.id)) s "
            "WHERE before <> from_state OR (next IS NULL AND to_state <> state)",
        ),
        Query(
            Text("attempt steps outside the table", "不在状态表内的指令流转"),
            "SELECT a.instruction_id "  # noqa: S608 - the table of transitions, no input
            "FROM attempt_event e JOIN attempt a ON a.id = e.attempt_id "
            f"WHERE (e.from_state, e.to_state) NOT IN ({ATTEMPT_STEPS})",
        ),
    ),
    "I10": (
        Query(
            Text("in two live matches", "同时处于两个有效匹配的项目"),
            "SELECT kind || ' ' || ref_id FROM match_item WHERE live "
            "GROUP BY kind, ref_id HAVING count(*) > 1",
        ),
        Query(
            Text("matches of unequal sums", "金额不等的匹配"),
            "SELECT g.match_no FROM match_group g JOIN match_item i ON i.group_id = g.id "
            "GROUP BY g.id HAVING sum(i.amount) FILTER (WHERE i.side = 'item') IS DISTINCT FROM "
            "sum(i.amount) FILTER (WHERE i.side = 'line') + g.difference",
        ),
        Query(
            Text("matched amounts that are not the line's", "与银行明细金额不符的匹配"),
            "SELECT l.bank_reference FROM match_item i JOIN statement_line l ON l.id = i.ref_id "
            "WHERE i.kind = 'statement_line' AND i.amount <> l.amount",
        ),
        Query(
            Text("match numbers given twice", "重复使用的核对批号"),
            "SELECT match_no FROM match_group GROUP BY match_no HAVING count(*) > 1",
        ),
        Query(
            Text("confirmed documents without a live match", "没有有效匹配的到账单据"),
            "SELECT d.document_no FROM document d WHERE d.state = 'CONFIRMED' AND NOT EXISTS "
            "(SELECT 1 FROM match_item i JOIN match_group g ON g.id = i.group_id "
            "WHERE i.kind = 'document' AND i.ref_id = d.id AND i.live AND g.match_no = d.match_no) "
            # Cash has no statement: its proof is the row of the journal.
            "AND NOT EXISTS (SELECT 1 FROM cash_entry c WHERE c.document_id = d.id "
            "HAVING sum(c.amount) <> 0)",
        ),
    ),
    "I11": (
        Query(
            Text("accounts whose statements do not add up", "对账单不连续的账户"),
            "SELECT DISTINCT a.number FROM (SELECT s.account_id, s.closing, "
            "coalesce(lag(s.closing) OVER (PARTITION BY s.account_id ORDER BY s.id), s.opening) "
            "+ coalesce((SELECT sum(CASE l.direction WHEN 'credit' THEN l.amount "
            "ELSE -l.amount END) FROM statement_line l WHERE l.statement_id = s.id), 0) "
            # What two persons took as it is names what its lines do not explain.
            "+ s.difference AS reached "
            "FROM statement s WHERE s.state = 'accepted') c JOIN bank_account a "
            "ON a.id = c.account_id WHERE c.reached <> c.closing",
        ),
        Query(
            Text("quarantined statements with lines", "已隔离却有明细的对账单"),
            "SELECT s.bank_statement_id FROM statement s WHERE s.state = 'quarantined' "
            "AND EXISTS (SELECT 1 FROM statement_line l WHERE l.statement_id = s.id)",
        ),
        Query(
            Text("statements taken without two persons", "未经双人决定而按原样导入的对账单"),
            "SELECT s.bank_statement_id FROM statement s LEFT JOIN statement_decision d "
            "ON d.id = s.decision_id AND d.state = 'done' AND d.wanted = 'take' "
            "AND d.decided_by <> d.proposed_by "
            "WHERE (s.difference <> 0 OR s.decision_id IS NOT NULL) AND d.id IS NULL",
        ),
    ),
    "I14": (
        Query(
            Text("vouchers reversed twice", "重复冲销的凭证"),
            "SELECT CAST(reversal_of AS text) FROM voucher WHERE reversal_of IS NOT NULL "
            "GROUP BY reversal_of HAVING count(*) > 1",
        ),
        Query(
            Text("reversals that are not the exact negative", "与原凭证不精确相反的冲销"),
            "SELECT r.number FROM voucher r WHERE r.reversal_of IS NOT NULL AND EXISTS ("
            "(SELECT account, credit, debit, currency FROM voucher_line "
            "WHERE voucher_id = r.reversal_of EXCEPT ALL SELECT account, debit, credit, currency "
            "FROM voucher_line WHERE voucher_id = r.id) UNION ALL "
            "(SELECT account, debit, credit, currency FROM voucher_line WHERE voucher_id = r.id "
            "EXCEPT ALL SELECT account, credit, debit, currency FROM voucher_line "
            "WHERE voucher_id = r.reversal_of))",
        ),
        Query(
            Text("bounced documents without a reversal", "退票而未冲销的单据"),
            "SELECT d.document_no FROM document d WHERE d.state = 'BOUNCED' AND NOT EXISTS "
            "(SELECT 1 FROM posted_event e JOIN voucher v ON v.id = e.voucher_id "
            "WHERE e.subject_kind = 'document' AND e.subject_id = d.id "
            "AND v.reversal_of IS NOT NULL)",
        ),
    ),
    "I16": (
        Query(
            Text("sent from an account that was not active", "从非正常账户发出的指令"),
            "SELECT a.instruction_id FROM attempt_event e JOIN attempt a ON a.id = e.attempt_id "
            "JOIN payment_batch b ON b.id = a.batch_id JOIN LATERAL (SELECT u.after ->> 'state' "
            "AS state FROM audit_entry u WHERE u.action = 'account.state' "
            "AND u.subject_id = CAST(b.account_id AS text) AND u.at <= e.at "
            "ORDER BY u.id DESC LIMIT 1) s ON true "
            "WHERE e.to_state = 'SENDING' AND s.state <> 'active'",
        ),
        Query(
            Text("sent from an account whose nature forbids it", "账户性质不允许的指令"),
            "SELECT b.message_id FROM payment_batch b JOIN bank_account k ON k.id = b.account_id "
            "WHERE b.sent_at IS NOT NULL AND NOT (k.nature = 'basic' "
            "OR (k.nature, b.direction) IN (('disbursement', 'pay'), ('collection', 'collect')))",
        ),
    ),
    "I18": (
        Query(
            Text("decisions by a text that was not live in their revision", "依据非生效规则的决策"),
            "SELECT CAST(c.id AS text) FROM decision c WHERE NOT EXISTS (SELECT 1 "
            "FROM revision_item i WHERE i.revision_id = c.revision_id "
            "AND i.ruleset_hash = c.ruleset_hash)",
        ),
        Query(
            Text("ruleset texts that are not what their hash says", "与哈希不符的规则集文本"),
            "SELECT name || ' ' || version FROM ruleset_version "
            "WHERE encode(sha256(convert_to(text, 'UTF8')), 'hex') <> hash",
        ),
    ),
    "I19": (
        Query(
            Text("inbound messages without an answer", "未应答的来报"),
            "SELECT message_id FROM inbox_message WHERE answered_at IS NULL",
        ),
        Query(
            Text("outbound messages nobody is sending", "无人发送的去报"),
            "SELECT m.message_id FROM outbox_message m WHERE m.state = 'pending' AND NOT EXISTS "
            "(SELECT 1 FROM action a WHERE a.kind = 'outbox.deliver' "
            "AND a.state IN ('ready', 'leased') AND a.payload ->> 'destination' = m.destination "
            "AND a.payload ->> 'aggregate' = m.aggregate) AND NOT EXISTS (SELECT 1 "
            "FROM outbox_message d WHERE d.destination = m.destination "
            "AND d.aggregate = m.aggregate AND d.state = 'dead' AND d.id < m.id)",
        ),
        Query(
            Text("finished documents their source never hears of", "未通知来源系统的完结单据"),
            "SELECT d.document_no FROM document d JOIN user_account u ON u.id = d.source_system "
            "AND u.endpoint IS NOT NULL WHERE d.state IN ('CONFIRMED', 'RETURNED', 'REJECTED', "
            "'BOUNCED', 'VOID') AND NOT EXISTS (SELECT 1 FROM outbox_message m "
            "WHERE m.destination = d.source_system AND m.aggregate = d.document_no "
            "AND m.body ->> 'status' IN (d.state, CASE d.state WHEN 'VOID' THEN 'REPLACED' END))",
        ),
    ),
    "I22": (
        Query(
            Text("cash below zero, or not the sum of its journal", "现金余额为负或与日记账不符"),
            "SELECT org_id || ' ' || entry_no FROM (SELECT e.org_id, e.entry_no, e.balance, "
            "k.opening + sum(e.amount) OVER (PARTITION BY e.desk_id ORDER BY e.entry_no) AS sum "
            "FROM cash_entry e JOIN cash_desk k ON k.id = e.desk_id) j "
            "WHERE balance < 0 OR balance <> sum",
        ),
        Query(
            Text("cash moved for a document that is not confirmed", "现金已收付而单据未确认"),
            "SELECT d.document_no FROM cash_entry e JOIN document d ON d.id = e.document_id "
            "GROUP BY d.id HAVING d.channel <> 'cash' OR sum(e.amount) <> CASE "
            "WHEN d.state <> 'CONFIRMED' THEN 0 WHEN d.direction = 'pay' THEN -d.amount "
            "ELSE d.amount END",
        ),
        Query(
            Text("cash taken back without two other persons", "未经他人双人复核的现金撤销"),
            "SELECT e.org_id || ' ' || e.entry_no FROM cash_entry e JOIN cash_entry o "
            "ON o.id = e.reverses WHERE e.amount <> -o.amount OR NOT EXISTS "
            "(SELECT 1 FROM cash_reversal r WHERE r.entry_id = o.id AND r.state = 'done' "
            "AND r.decided_by = e.user_id AND r.decided_by NOT IN (r.proposed_by, o.user_id))",
        ),
    ),
    "I23": (
        Query(
            Text("voucher lines in another currency than their voucher", "与凭证币种不同的分录"),
            "SELECT v.number FROM voucher v JOIN voucher_line l ON l.voucher_id = v.id "
            "WHERE l.currency <> v.currency",
        ),
        Query(
            Text("matches across currencies", "跨币种的匹配"),
            "SELECT g.match_no FROM match_group g JOIN match_item i ON i.group_id = g.id "
            "LEFT JOIN statement_line l ON i.kind = 'statement_line' AND l.id = i.ref_id "
            "LEFT JOIN document d ON i.kind IN ('document', 'bounced_document') "
            "AND d.id = i.ref_id WHERE coalesce(l.currency, d.currency, g.currency) <> g.currency",
        ),
    ),
}
"""Invariant (docs/invariants) -> what must find nothing."""
