#include "starts.hpp"

#include <algorithm>

#include "inside.hpp"
#include "lanewise/part.hpp"
#include "logarithm.hpp"

namespace lanewise {

namespace {

/// The uniform points from this index on are the sample's.
constexpr std::uint64_t first_sample_point = std::uint64_t{1} << 52U;

bool is_one_of_sample_every(std::uint64_t index) {
    return index % sample_every == sample_every - 1;
}

/// lower (upper / lower)^u
double between_in_logarithm(double lower, double upper, double u) {
    return exp_over(u * log_over(upper, lower), lower);
}

}  // namespace

std::size_t count_starts(const Options& options) noexcept {
    return options.start_points.size() + options.drawn_starts();
}

StartRange starts_to_run(const Options& options) noexcept {
    const std::size_t count = count_starts(options);
    if (options.part == 0) return {0, count};
    const Part part{options.part, options.parts};
    return {part.first(count), part.last(count)};
}

Starts::Starts(const SearchBox& box, const Options& options, const std::vector<std::vector<double>>& given)
    : box_(&box),
      given_(&given),
      count_(count_starts(options)),
      to_run_(starts_to_run(options)),
      drawn_(design_points(choose_design(options.design, box.dimension()), options.seed, box.dimension())),
      sample_(options.seed),
      explore_(options.explore),
      all_are_sample_(options.explore == 1 && !options.prune && options.design == Design::uniform) {}

std::size_t Starts::drawn_of(std::size_t begun) const noexcept {
    const std::uint64_t last = to_run_.first + begun;
    return last - std::clamp<std::uint64_t>(given(), to_run_.first, last);
}

bool Starts::is_sample(std::uint64_t start_id) const noexcept {
    return is_drawn(start_id) && (all_are_sample_ || is_one_of_sample_every(start_id - given()));
}

std::size_t Starts::candidates(std::uint64_t start_id) const noexcept {
    const bool chosen = is_drawn(start_id) && !is_sample(start_id);
    return chosen ? explore_ : 1;
}

void Starts::candidate(std::uint64_t start_id, std::size_t which, std::span<double> x) const {
    if (start_id < given()) {
        std::ranges::copy((*given_)[start_id], x.begin());
        return;
    }
    const std::uint64_t index = start_id - given();
    if (is_sample(start_id) && !all_are_sample_) {
        sample_.point(first_sample_point + index, x);
    } else {
        // The sample takes nothing from the design.
        const std::uint64_t of_design = all_are_sample_ ? index : index - index / sample_every;
        std::visit([&](const auto& design) { design.point(of_design * explore_ + which, x); }, drawn_);
    }
    // Half of the sample, and half of the others.
    const bool in_logarithm = (index + index / sample_every) % 2 == 1;
    const bool is_anywhere = is_one_of_sample_every(index);
    for (std::size_t j = 0; j < x.size(); ++j) {
        const double lower = is_anywhere ? box_->lower()[j] : box_->region_lower(j);
        const double upper = is_anywhere ? box_->upper()[j] : box_->region_upper(j);
        const double at = in_logarithm && box_->is_half_log(j) ? between_in_logarithm(lower, upper, x[j])
                                                               : lower + x[j] * (upper - lower);
        x[j] = inside(at, lower, upper);
    }
}

}  // namespace lanewise
