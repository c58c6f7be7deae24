"""Cash-flow items 现金流量项目 of an insurer's statement of cash flows, by business type."""

from __future__ import annotations

CASH_FLOW = {
    "claim": "支付原保险合同赔付款项的现金",
    "surrender": "支付退保金的现金",
    "refund": "支付原保险合同退费的现金",
    "commission": "支付手续费及佣金的现金",
    "expense": "支付其他与经营活动有关的现金",
    "premium": "收到原保险合同保费取得的现金",
    "reinsurance": "支付再保业务现金净额",
    "treasury": "支付其他与经营活动有关的现金",
}
"""Business type -> item, as the general ledger's auxiliary accounting names it."""

OTHER = "其他与经营活动有关的现金"


def cash_flow_item(business_type: str) -> str:
    """The item a movement of `business_type` belongs to."""
    return CASH_FLOW.get(business_type, OTHER)
