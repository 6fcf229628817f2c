#include "azure/amqp_failure.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace kssedr::azure {
namespace {

struct Meaning {
    std::string_view condition;
    AmqpRecovery recovery;
    Errc code;
    std::string_view cure;
};

constexpr std::string_view right =
    "give kssedr's identity the role Azure Event Hubs Data Receiver, or a rule with Listen";

constexpr std::array meanings = {
    Meaning{"com.microsoft:server-busy", AmqpRecovery::retry, Errc::unavailable, ""},
    Meaning{"com.microsoft:timeout", AmqpRecovery::retry, Errc::unavailable, ""},
    Meaning{"com.microsoft:operation-cancelled", AmqpRecovery::retry, Errc::unavailable, ""},
    Meaning{"amqp:link:detach-forced", AmqpRecovery::relink, Errc::unavailable, ""},
    Meaning{"amqp:link:transfer-limit-exceeded", AmqpRecovery::relink, Errc::unavailable, ""},
    Meaning{"com.microsoft:container-close", AmqpRecovery::reconnect, Errc::unavailable, ""},
    Meaning{"amqp:connection:forced", AmqpRecovery::reconnect, Errc::unavailable, ""},
    Meaning{"amqp:internal-error", AmqpRecovery::reconnect, Errc::unavailable, ""},
    Meaning{"amqp:link:stolen", AmqpRecovery::fatal, Errc::conflict, ""},
    Meaning{"amqp:resource-locked", AmqpRecovery::fatal, Errc::conflict, ""},
    Meaning{"com.microsoft:partition-not-owned", AmqpRecovery::fatal, Errc::conflict, ""},
    Meaning{"amqp:unauthorized-access", AmqpRecovery::fatal, Errc::permission_denied, right},
    Meaning{"com.microsoft:auth-failed", AmqpRecovery::fatal, Errc::permission_denied, right},
    Meaning{"amqp:not-found", AmqpRecovery::fatal, Errc::not_found,
            "check the names of the namespace, the event hub and the consumer group"},
    Meaning{"amqp:resource-deleted", AmqpRecovery::fatal, Errc::not_found, "the event hub was deleted"},
    Meaning{"com.microsoft:entity-disabled", AmqpRecovery::fatal, Errc::not_found,
            "the event hub is disabled; enable it"},
    Meaning{"com.microsoft:argument-error", AmqpRecovery::fatal, Errc::invalid_argument, ""},
    Meaning{"com.microsoft:argument-out-of-range", AmqpRecovery::fatal, Errc::invalid_argument, ""},
    Meaning{"com.microsoft:georeplication:invalid-offset", AmqpRecovery::fatal, Errc::invalid_argument, ""},
    Meaning{"amqp:not-allowed", AmqpRecovery::fatal, Errc::not_found,
            "another reader holds the consumer group's places"},
    Meaning{"amqp:resource-limit-exceeded", AmqpRecovery::fatal, Errc::conflict, "five others read this partition"},
};

// What is not known may pass.
constexpr Meaning unheard_of{"", AmqpRecovery::reconnect, Errc::unavailable, ""};

Meaning const& meaning_of(std::string_view condition) {
    auto const place = std::ranges::find(meanings, condition, &Meaning::condition);
    return place == meanings.end() ? unheard_of : *place;
}

}  // namespace

AmqpRecovery recovery_of(std::string_view condition) {
    return meaning_of(condition).recovery;
}

Error to_error(AmqpCondition const& condition, std::string_view doing) {
    auto const& meaning = meaning_of(condition.name);
    std::string message(doing);
    if (!condition.name.empty()) message += ": " + condition.name;
    if (!condition.text.empty()) message += ": " + condition.text;
    if (!meaning.cure.empty()) message += "; " + std::string(meaning.cure);
    return Error(meaning.code, std::move(message)).with_service_code(condition.name);
}

}  // namespace kssedr::azure
