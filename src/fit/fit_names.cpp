#include "lanewise/fit.hpp"

namespace lanewise {

std::string_view name(Loss loss) noexcept {
    switch (loss) {
        case Loss::squared: return "squared";
        case Loss::huber: return "huber";
        case Loss::soft_l1: return "soft-l1";
        case Loss::cauchy: return "cauchy";
        case Loss::poisson: return "poisson";
        case Loss::logistic: break;
    }
    return "logistic";
}

std::optional<Loss> find_loss(std::string_view text) noexcept {
    for (std::size_t i = 0; i < losses; ++i) {
        const auto loss = static_cast<Loss>(i);
        if (name(loss) == text) return loss;
    }
    return {};
}

std::string_view name(FitStatus status) noexcept {
    switch (status) {
        case FitStatus::converged: return "converged";
        case FitStatus::max_iterations: return "max-iterations";
        case FitStatus::no_rows: return "no-rows";
        case FitStatus::no_value: return "no-value";
        case FitStatus::stopped: break;
    }
    return "stopped";
}

}  // namespace lanewise
