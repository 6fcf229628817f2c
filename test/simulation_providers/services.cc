#include "services.h"

#include "transport.h"

#include "config/catalogue.h"
#include "providers/catalogue_slots.h"

#include <utility>

namespace kssedr::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

rotation::LazyCatalogue const& catalogue() {
    static rotation::LazyCatalogue const read(config::read_built_in_catalogue());
    return read;
}

rotation::Cloud cloud() {
    return *rotation::find_cloud("public");
}

// A process's way through the shipped code; what the engine begins is told to the network.
class Connected final : public ports::CredentialProvider {
public:
    Connected(Network& network, ResourceManager& manager, Mutation mutation, Clock& clock, Random& random)
        : network_(network),
          transport_(network, manager, mutation),
          tokens_(clock),
          arm_(transport_, tokens_, random, cloud()),
          slots_(transport_, arm_, clock, random, catalogue(), cloud()) {}

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override { return slots_.serves(owner); }
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override {
        return slots_.shape(owner);
    }
    [[nodiscard]] Duration may_land_for(rotation::OwnerId const& owner) const override {
        return slots_.may_land_for(owner);
    }
    Async<rotation::Credentials> list(rotation::OwnerId owner, SteadyPoint deadline) override {
        auto const index = network_.site().estate.find_owner(owner);
        network_.begin_at(index);
        auto listed = co_await slots_.list(std::move(owner), deadline);
        if (!listed) network_.tell(index, listed.error());
        if (!listed && index >= 0) network_.note_failed_listing(index);
        co_return listed;
    }
    Async<rotation::Credentials> regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint deadline) override {
        auto const index = network_.site().estate.find_owner(owner);
        network_.begin_at(index);
        auto regenerated = co_await slots_.regenerate(std::move(owner), std::move(slot), deadline);
        if (!regenerated) network_.tell(index, regenerated.error());
        co_return regenerated;
    }
    Task<ports::TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                    SteadyPoint deadline) override {
        return slots_.verify(std::move(owner), credential, value, deadline);
    }

private:
    Network& network_;
    SimulatedTransport transport_;
    SimulatedTokens tokens_;
    azure::ArmClient arm_;
    providers::CatalogueSlots slots_;
};

class RealProviders final : public Services {
public:
    explicit RealProviders(Mutation mutation)
        : mutation_(mutation), kinds_(kinds_of(catalogue().get())), manager_(Chance(0)) {}

    void adapt(Plan& plan) override {
        auto chance = Chance::stream(plan.seed, 5);
        constexpr Duration longest[] = {seconds{2}, seconds{20}, minutes{5}};
        plan.operation_max = longest[chance.pick(std::size(longest))];
        // Most kinds have no trial: nothing of theirs would ever be published.
        if (plan.verify == rotation::Verify::required) plan.verify = rotation::Verify::best_effort;
        bool const is_stormy = plan.looks_for_dead || plan.killed > 0 || plan.lost_answer > 0 || plan.lost_request > 0;
        Manners manners;
        if (is_stormy && chance.happens(0.4)) manners.operation_fails = 0.2;
        manners.tells_calls_left = chance.happens(0.2);
        manners.answers_another_place = chance.happens(0.5);
        manager_ = ResourceManager(Chance::stream(plan.seed, 6));
        manager_.manners = manners;
    }
    [[nodiscard]] std::span<OwnerKind const> kinds() const override { return kinds_; }
    std::unique_ptr<ports::CredentialProvider> connect(Network& network, Clock& clock, Random& random) override {
        return std::make_unique<Connected>(network, manager_, mutation_, clock, random);
    }

private:
    Mutation mutation_;
    std::vector<OwnerKind> kinds_;
    ResourceManager manager_;
};

}  // namespace

std::unique_ptr<Services> make_real_providers(Mutation mutation) {
    return std::make_unique<RealProviders>(mutation);
}

}  // namespace kssedr::simulation
