#include "told.hpp"

namespace lanewise {

namespace {

template <class Found, class Of>
Told told_of(const Found& found, const Of& of, const std::vector<double>& value,
             std::string_view key_of_value, std::string_view what, std::string_view what_of_many) {
    return {.what = what,
            .what_of_many = what_of_many,
            .key_of_value = key_of_value,
            .box = of.box,
            .problems = of.problems,
            .options = of.options,
            .group = of.group,
            .keys = of.keys,
            .part = of.part,
            .status = found.status,
            .x = found.x,
            .value = value,
            .n_used = found.n_used,
            .n_left_out = found.n_left_out,
            .runs = found.runs,
            .agree = found.agree,
            .seconds = found.seconds,
            .evaluations = found.evaluations};
}

}  // namespace

std::string Told::key(std::size_t problem) const {
    const std::size_t number = first_problem() + problem;
    return keys.empty() ? std::to_string(number) : keys[number];
}

Told told_of(const Fits& fits, const FitsOf& of) {
    return told_of(fits, of, fits.rss, "rss", "fit", "fits");
}

Told told_of(const ProblemEnds& ends, const EndsOf& of) {
    return told_of(ends, of, ends.f, "f", of.objective.maximize ? "maximum" : "minimum",
                   of.objective.maximize ? "maxima" : "minima");
}

}  // namespace lanewise
