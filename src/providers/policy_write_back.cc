#include "providers/policy_write_back.h"

#include "azure/resource_policies.h"
#include "providers/chosen_key.h"
#include "providers/steady_call.h"

namespace kssedr::providers {
Async<http::Response> write_policy_back(azure::ArmClient& arm, Clock& clock, Random& random,
                                        rotation::CatalogueEntry const& entry, rotation::EntrySlot const& slot,
                                        rotation::ArmId owner, std::string operation, SteadyPoint deadline) {
    auto const resource = owner.parent();
    if (!resource) co_return fail(Errc::invalid_argument, operation + ": the policy is part of nothing");
    azure::ArmCall reading{
        .operation = operation + ", reading the resource", .resource = *resource, .api_version = entry.api_version};
    KSSEDR_CO_TRY(auto const read, co_await send_steadily(arm, clock, std::move(reading), deadline));
    azure::ArmCall listing{.operation = operation + ", listing its policies",
                           .resource = *resource,
                           .action = "listkeys",
                           .api_version = entry.api_version,
                           .method = http::Method::post};
    KSSEDR_CO_TRY(auto const listed, co_await send_steadily(arm, clock, std::move(listing), deadline));
    auto etag = azure::parse_etag(read.body.expose());
    if (!etag) co_return fail(std::move(etag).error().during(operation));
    auto body = azure::replace_policy_key(read.body.expose(), listed.body.expose(), entry.policies,
                                          owner.resource_name(), slot.asks, make_chosen_key(entry, random));
    if (!body) co_return fail(std::move(body).error().during(operation));
    azure::ArmCall writing{.operation = operation,
                           .resource = *resource,
                           .api_version = entry.api_version,
                           .method = http::Method::put,
                           .effect = azure::Effect::happens,
                           .body = *std::move(body),
                           .headers = {{"If-Match", *std::move(etag)}}};
    co_return co_await send_steadily(arm, clock, std::move(writing), deadline);
}

}  // namespace kssedr::providers
