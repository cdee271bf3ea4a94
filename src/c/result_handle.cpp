#include "result_handle.hpp"

#include <algorithm>

namespace {

/// The text that `make` makes, kept; null where there is no memory for it.
template <class Make>
const char* kept(std::optional<std::string>& text, Make make) noexcept {
    try {
        if (!text) text = make();
        return text->c_str();
    } catch (...) {
        return nullptr;
    }
}

}  // namespace

void lanewise_free_result(lanewise_result* result) {
    delete result;
}

const char* lanewise_status(const lanewise_result* result) {
    return result->status.c_str();
}

double lanewise_best(const lanewise_result* result, double* x) {
    const lanewise::Best& best = result->result.best;
    if (x != nullptr) std::ranges::copy(best.x, x);
    return best.f;
}

size_t lanewise_minima(const lanewise_result* result, size_t most, double* x, double* f, uint64_t* hits) {
    const std::vector<lanewise::Minimum>& minima = result->result.minima;
    for (std::size_t i = 0; i < std::min(most, minima.size()); ++i) {
        if (x != nullptr) std::ranges::copy(minima[i].x, x + i * minima[i].x.size());
        if (f != nullptr) f[i] = minima[i].f;
        if (hits != nullptr) hits[i] = minima[i].hits();
    }
    return minima.size();
}

const char* lanewise_json(lanewise_result* result) {
    return kept(result->json, [&] {
        return to_json(result->result, result->box, result->options, result->formula.expression,
                       result->formula.parameters);
    });
}

const char* lanewise_table(lanewise_result* result) {
    return kept(result->table, [&] { return to_table(result->result, result->box); });
}
