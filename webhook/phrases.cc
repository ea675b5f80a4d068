#include "webhook/phrases.h"

namespace lowbalance {
namespace {

constexpr Phrases kEnglish{
    .html_lang = "en",
    .colon = ": ",

    .unnamed_account = "account {id}",

    .subject_alert = "Low balance: {account} has {credit}, below {threshold}",
    .subject_reminder =
        "Reminder {number} of {most}: {account} still has {credit}, below {threshold}",
    .headline_alert = "The available credit of {account} is below its alert threshold.",
    .headline_alert_overdue =
        "The available credit of {account} is below its alert threshold and below zero: the "
        "account is overdue.",
    .headline_reminder = "The available credit of {account} is still below its alert threshold.",
    .headline_reminder_overdue =
        "The available credit of {account} is still below its alert threshold and below zero: the "
        "account is overdue.",

    .account = "Account",
    .account_id = "Account ID",
    .provider = "Provider",
    .level = "Alert level",
    .available_credit = "Available credit",
    .threshold = "Alert threshold",
    .low_since = "Below since",
    .overdue_since = "Below zero since",
    .as_of = "Data as of",
    .last_change = "Last changed",
    .burn_rate = "Spending",
    .per_day = "{amount} per day",
    .runway = "Lasts, at this rate",

    .about_days = "about {n} days",
    .about_hours = "about {n} hours",
    .under_two_hours = "less than two hours",

    .terms_title = "How the available credit comes about",
    .cash_balance = "Cash balance",
    .credit_limit = "Credit limit",
    .credit_refunds = "Credit refunds",
    .unsettled_current_month = "Unsettled, current month",
    .unsettled_previous_months = "Unsettled, previous months",

    .next_title = "What happens next",
    .daily_reminders =
        "Up to {n} daily reminders follow while the available credit stays below the threshold.",
    .other_reminders =
        "Up to {n} reminders, one every {every}, follow while the available credit stays below "
        "the threshold.",
    .more_daily_reminders =
        "Up to {n} more daily reminders follow while the available credit stays below the "
        "threshold.",
    .more_other_reminders =
        "Up to {n} more reminders, one every {every}, follow while the available credit stays "
        "below the threshold.",
    .one_daily_reminder =
        "One more reminder follows in a day if the available credit is still below the threshold "
        "then.",
    .one_other_reminder =
        "One more reminder follows in {every} if the available credit is still below the "
        "threshold then.",
    .stop_when_overdue = "They stop if the account becomes overdue (available credit below zero).",
    .last_reminder = "This was the last reminder.",
    .no_reminders = "No reminders follow.",
    .no_reminders_after_overdue =
        "No reminders follow, because the available credit has been below zero.",
    .how_to_end = "To end this, top up the account, lower the threshold, or disable the alert.",

    .unknown_time_zone =
        "Times are in UTC, because the time zone {zone} is not known to the sender.",
    .footer = "Sent by Low Balance Alerts. Please do not reply to this message.",
};

constexpr Phrases kChinese{
    .html_lang = "zh-CN",
    .colon = "：",

    .unnamed_account = "账户 {id}",

    .subject_alert = "余额不足：{account} 可用额度 {credit}，低于 {threshold}",
    .subject_reminder =
        "第 {number} 次提醒（共 {most} 次）：{account} 可用额度 {credit}，仍低于 {threshold}",
    .headline_alert = "{account} 的可用额度已低于预警阈值。",
    .headline_alert_overdue = "{account} 的可用额度已低于预警阈值且低于零，账户已欠费。",
    .headline_reminder = "{account} 的可用额度仍低于预警阈值。",
    .headline_reminder_overdue = "{account} 的可用额度仍低于预警阈值且低于零，账户已欠费。",

    .account = "账户",
    .account_id = "账户 ID",
    .provider = "服务商",
    .level = "预警级别",
    .available_credit = "可用额度",
    .threshold = "预警阈值",
    .low_since = "低于阈值始于",
    .overdue_since = "低于零始于",
    .as_of = "数据时间",
    .last_change = "最近变动",
    .burn_rate = "消费速度",
    .per_day = "每天 {amount}",
    .runway = "按此速度可用",

    .about_days = "约 {n} 天",
    .about_hours = "约 {n} 小时",
    .under_two_hours = "不足两小时",

    .terms_title = "可用额度的构成",
    .cash_balance = "现金余额",
    .credit_limit = "信用额度",
    .credit_refunds = "信用退款",
    .unsettled_current_month = "本月未结清金额",
    .unsettled_previous_months = "往月未结清金额",

    .next_title = "后续安排",
    .daily_reminders = "在可用额度低于阈值期间，每天提醒一次，最多 {n} 次。",
    .other_reminders = "在可用额度低于阈值期间，每 {every} 提醒一次，最多 {n} 次。",
    .more_daily_reminders = "在可用额度低于阈值期间，每天再提醒一次，最多还有 {n} 次。",
    .more_other_reminders = "在可用额度低于阈值期间，每 {every} 再提醒一次，最多还有 {n} 次。",
    .one_daily_reminder = "如果一天后可用额度仍低于阈值，将再提醒一次。",
    .one_other_reminder = "如果 {every} 后可用额度仍低于阈值，将再提醒一次。",
    .stop_when_overdue = "账户欠费（可用额度低于零）后不再提醒。",
    .last_reminder = "这是最后一次提醒。",
    .no_reminders = "不再发送提醒。",
    .no_reminders_after_overdue = "可用额度曾低于零（欠费），因此不再发送提醒。",
    .how_to_end = "如需停止提醒，请充值、调低阈值或关闭预警。",

    .unknown_time_zone = "发送方不认识时区 {zone}，因此时间均为 UTC。",
    .footer = "本消息由余额预警（Low Balance Alerts）自动发送，请勿回复。",
};

}  // namespace

const Phrases& PhrasesOf(std::string_view language) {
  return language == "zh" ? kChinese : kEnglish;
}

}  // namespace lowbalance
