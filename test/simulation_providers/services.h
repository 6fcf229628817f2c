/// RealProviders: worlds in which the shipped providers and the clients under them make the credentials.

#pragma once

#include "simulation/services.h"

namespace kssedr::simulation {

/// For `World`, `Tour` and `Options`.
std::unique_ptr<Services> make_real_providers(Mutation mutation);

}  // namespace kssedr::simulation
