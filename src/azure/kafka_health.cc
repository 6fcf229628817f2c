#include "azure/kafka_health.h"

#include "base/ascii.h"

#include <utility>

namespace kssedr::azure {
namespace {

using ports::SourceState;

constexpr std::size_t most_shown = 300;

}  // namespace

std::string to_shown_text(std::string_view text) {
    for (std::string_view const opening : {"SASL authentication error:", "SaslAuthenticateRequest failed:"}) {
        auto const at = text.find(opening);
        if (at == std::string_view::npos) continue;
        return escape_for_display(text.substr(0, at + opening.size()), most_shown) + " (its words are left out)";
    }
    return escape_for_display(text, most_shown);
}

KafkaHealth::KafkaHealth(std::string brokers, std::string topic, std::string group, KafkaSignIn sign_in, TimePoint now)
    : brokers_(std::move(brokers)), topic_(std::move(topic)), group_(std::move(group)), sign_in_(sign_in) {
    health_.since = now;
}

std::string KafkaHealth::sign_in_cure() const {
    switch (sign_in_) {
    case KafkaSignIn::none: return "it wants a sign-in: leave plaintext out, and give secret_from";
    case KafkaSignIn::password:
        return "mend user, or what secret_from holds (for Event Hubs the connection string of a rule with Listen, as "
               "it "
               "stands); where the namespace has local authentication switched off, leave secret_from out";
    case KafkaSignIn::token: break;
    }
    return "give kssedr's identity the role Azure Event Hubs Data Receiver on the hub or the namespace";
}

KafkaHealth::Judgement KafkaHealth::judge(rd_kafka_resp_err_t code, std::string_view text) const {
    auto const said = to_shown_text(text);
    switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
        return {SourceState::unusable, brokers_ + " refuses the sign-in; " + sign_in_cure() + " (" + said + ")", true};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return {SourceState::unusable,
                "the topic " + topic_ + " may not be read by the group " + group_ +
                    "; give it the right to read both (in Event Hubs: Listen, or the role Azure Event Hubs Data "
                    "Receiver) (" +
                    said + ")",
                true};
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        return {SourceState::unusable, "there is no topic " + topic_ + "; make it, or mend topic (" + said + ")", true};
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
        return {SourceState::unusable, "the group " + group_ + " is not taken; mend consumer_group (" + said + ")",
                true};
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
        return {SourceState::unusable,
                "members of the group " + group_ +
                    " share partitions in another way than cooperative-sticky; give "
                    "kssedr a group of its own in consumer_group (" +
                    said + ")",
                true};
    case RD_KAFKA_RESP_ERR__SSL:
        if (text.contains("certificate verify failed") || text.contains("broker certificate could not be verified"))
            return {SourceState::unusable,
                    "the certificate of " + brokers_ +
                        " is not trusted, or names another host; set SSL_CERT_FILE to its "
                        "authorities, or mend brokers (" +
                        said + ")",
                    true};
        break;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        return {SourceState::retrying,
                "none of " + brokers_ + " answers: " + (last_fault_.empty() ? said : last_fault_), true};
    default: break;
    }
    return {SourceState::retrying, said, false};
}

void KafkaHealth::on_error(rd_kafka_resp_err_t code, std::string_view text, TimePoint now) {
    auto judgement = judge(code, text);
    if (!judgement.holds_at_once) {
        last_fault_ = judgement.reason;
        if (health_.state == SourceState::starting || health_.state == SourceState::retrying)
            set(SourceState::retrying, std::move(judgement.reason), now);
        return;
    }
    // That nobody answers follows from a refusal too, and says less.
    if (judgement.state == SourceState::retrying && health_.state == SourceState::unusable) return;
    set(judgement.state, std::move(judgement.reason), now);
}

void KafkaHealth::on_failure(SourceState state, std::string reason, TimePoint now) {
    set(state, std::move(reason), now);
}

void KafkaHealth::on_assignment(TimePoint now) {
    last_fault_.clear();
    set(SourceState::ready, {}, now);
}

void KafkaHealth::on_statistics(KafkaStatistics const& told, TimePoint now) {
    health_.backlog = told.backlog;
    if (told.is_well) {
        unwell_ = 0;
        last_fault_.clear();
        set(SourceState::ready, {}, now);
        return;
    }
    // Sharing partitions anew is over in a few seconds as a rule, and no fault.
    if (++unwell_ < 2 || health_.state != SourceState::ready) return;
    set(SourceState::retrying,
        last_fault_.empty() ? "not connected to every broker that it needs, or the group shares its partitions anew"
                            : last_fault_,
        now);
}

void KafkaHealth::set(SourceState state, std::string reason, TimePoint now) {
    if (health_.state != state) health_.since = now;
    health_.state = state;
    health_.reason = std::move(reason);
}

}  // namespace kssedr::azure
