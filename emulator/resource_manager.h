/// ResourceManager: Azure Resource Manager for subscriptions, resource groups, storage accounts and their keys, and
/// vaults, and for the resources whose keys a catalogue of services tells of (emulator/key_services.h).

#pragma once

#include "emulator/key_calls.h"
#include "emulator/service.h"

namespace kssedr::emulator {

class ResourceManager final : public Service {
public:
    explicit ResourceManager(Ground ground) : ground_(ground), key_calls_(ground) {}

    void name(Call& call) const override;
    listen::Response answer(Call& call) override;
    listen::Response refuse(Call const& call, unsigned status, std::string const& code,
                            std::string const& message) override;

private:
    /// What one subscription's callers may still do.
    struct Allowance {
        TokenBucket reads{1100, 25};
        TokenBucket writes{800, 10};
        TokenBucket resource_requests{12'000, 3.34};
    };

    std::optional<listen::Response> turn_away(Call& call);
    std::optional<listen::Response> find_token_fault(Call& call);
    std::optional<listen::Response> spend(Call const& call, std::vector<std::pair<std::string, std::string>>& headers);
    listen::Response carry_out(Call& call);
    listen::Response answer_account(Call& call);
    listen::Response regenerate(Call& call, StorageAccount& account);
    listen::Response refuse_with(Call const& call, unsigned status, std::string const& code,
                                 std::string const& message);
    listen::Response unauthorized(Call const& call, std::string const& code, std::string const& message,
                                  std::string const& description);
    void dress(Call const& call, listen::Response& response);

    Ground ground_;
    KeyCalls key_calls_;
    NameMap<Allowance> allowances_;
};

}  // namespace kssedr::emulator
