/// EventGridNamespace: the data plane of an Event Grid namespace: publish, and pull delivery.
///
/// After the specification of 2024-06-01: receive, acknowledge, release, reject, renewLock. Otherwise than there a
/// receiver never waits: what is not there yet is not there. Subscriptions are made through the admin interface.

#pragma once

#include "emulator/service.h"

namespace kssedr::emulator {

class EventGridNamespace final : public Service {
public:
    explicit EventGridNamespace(Ground ground) : ground_(ground) {}

    void name(Call& call) const override;
    listen::Response answer(Call& call) override;
    listen::Response refuse(Call const& call, unsigned status, std::string const& code,
                            std::string const& message) override;

private:
    std::optional<listen::Response> turn_away(Call& call);
    listen::Response publish(Call& call);
    listen::Response receive(Call& call, TopicSubscription& subscription);
    listen::Response settle(Call& call, TopicSubscription& subscription);
    /// What an operation does to an event that is locked by its token; false where it is none of this subscription's.
    bool settle_one(std::string_view operation, TopicSubscription& subscription, std::string_view token,
                    Duration delay);

    Ground ground_;
};

}  // namespace kssedr::emulator
