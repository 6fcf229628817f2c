/// Operations that Resource Manager's services begin at once and end later.
///
/// The answer to the call (202, sometimes 201) names where to ask: `Azure-AsyncOperation`, whose answers have a
/// `status`, else `Location`, which answers 202 until it is done. Either URL may be several KB long, is followed to the
/// byte, and may be replaced by the next answer; `Retry-After` is often not there. Source: Azure's REST API guidelines
/// for asynchronous operations; recordings.

#pragma once

#include "async/clock.h"
#include "azure/arm_client.h"

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::azure {

/// Where to ask what became of an operation.
struct OperationPlace {
    std::string url;
    bool has_status = false;  ///< its answers have a `status`

    friend bool operator==(OperationPlace const&, OperationPlace const&) = default;
};

/// Nothing where the answer names no place: then what it says is final.
[[nodiscard]] std::optional<OperationPlace> find_operation(http::Response const& begun);

/// What an answer says of an operation: true where it has ended well, false where it goes on, else why it failed.
/// `corrupt` where it does not say.
[[nodiscard]] Result<bool> parse_operation_answer(http::Response const& answer, OperationPlace const& place,
                                                  std::string_view operation);

/// Waits until the operation that `begun` tells of has ended well; at once where it is none. Errors: what the service
/// says of a failed one, nothing having been done then: `conflict`, `invalid_argument`, `unavailable`;
/// `outcome_unknown` where the deadline comes first, or who asks may not know.
Async<void> await_operation(ArmClient& arm, Clock& clock, http::Response const& begun, std::string operation,
                            SteadyPoint deadline);

}  // namespace kssedr::azure
