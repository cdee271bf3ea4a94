// A result as text, to compare two of them.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

#include "lanewise/result.hpp"

namespace lanewise::test {

/// Everything of a result that must not depend on the machine.
inline std::string bits_of(const Result& result) {
    std::string bits = std::string(name(result.status)) + "\n";
    const auto put = [&](double number) {
        bits += std::to_string(std::bit_cast<std::uint64_t>(number)) + " ";
    };
    put(result.best.f);
    for (const double x : result.best.x) put(x);
    bits += std::to_string(result.best.start_id) + "@" + std::to_string(result.best.iteration) + "\n";
    for (const Minimum& minimum : result.minima) {
        put(minimum.f);
        put(minimum.gradient_norm);
        for (const double x : minimum.x) put(x);
        for (const auto id : minimum.start_ids) bits += std::to_string(id) + ",";
        bits += std::to_string(minimum.hits()) + "+" + std::to_string(minimum.offspring);
        bits += minimum.continuum ? " continuum\n" : "\n";
    }
    for (const std::size_t count : result.runs) bits += std::to_string(count) + " ";
    put(result.audit.regret);
    for (const std::size_t count : {result.minima_found, result.coverage.runs, result.coverage.found_once,
                                    result.audit.spared, result.audit.better_than_leader})
        bits += std::to_string(count) + " ";
    return bits + std::to_string(result.offspring) + " " + std::to_string(result.iterations) + " " +
           std::to_string(result.work.run_iterations) + " " + std::to_string(result.work.evaluations);
}

}  // namespace lanewise::test
