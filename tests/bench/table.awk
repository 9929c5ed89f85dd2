# Makes the table of compare.sh from lines "KIND,METHOD,SHAPE,TOOL SIDE SPEED CPU", one a load.
function median(list, count,    i, j, swap) {
  for (i = 2; i <= count; ++i) {
    for (j = i; j > 1 && list[j - 1] > list[j]; --j) {
      swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap
    }
  }
  return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
}
function median_of(what, row, side,    i, list) {
  for (i = 1; i <= seen[row, side]; ++i) list[i] = what[row, side, i]
  return median(list, seen[row, side])
}
# The median of the rounds' ratios; sets `least` and `most` to the extremes.
function ratio_of(what, row, upside_down,    i, list, n) {
  n = seen[row, "ours"]
  for (i = 1; i <= n; ++i) {
    list[i] = what[row, "ours", i] / what[row, "reference", i]
    if (upside_down) list[i] = 1 / list[i]
  }
  n = median(list, n)
  least = list[1]
  most = list[seen[row, "ours"]]
  return n
}
function thousands(number,    text) {
  text = sprintf("%d", number)
  while (match(text, /[0-9][0-9][0-9][0-9]($|,)/)) {
    text = substr(text, 1, RSTART) "," substr(text, RSTART + 1)
  }
  return text
}
{
  if (!(($1, "ours") in seen) && !(($1, "reference") in seen)) rows[++count] = $1
  n = ++seen[$1, $2]
  speed[$1, $2, n] = $3
  cpu[$1, $2, n] = $4 > 0 ? $4 : 1
}
END {
  print "| | Kvick/s | reference/s | ratio (least to most) | by processor time | target |"
  print "|---|---|---|---|---|---|"
  # Unary first, then pipelines, each in the order of their first appearance.
  for (pass = 1; pass <= 2; ++pass) for (i = 1; i <= count; ++i) {
    split(rows[i], part, ",")
    if ((part[1] == "unary") != (pass == 1)) continue
    if (part[1] == "unary") {
      name = sprintf("%s, %s, %s, beside a bare handler", part[2], part[3],
                     part[4] == "h2load" ? "h2load" : "kvick bench")
      target = "0.95"
    } else {
      name = sprintf("%s, %s a frame%s, beside Redis at depth 100", part[2], part[3],
                     part[4] == "spin" ? ", load that spins" : "")
      target = part[3] == 100 ? "2.0" : "2.5"
    }
    by_cpu = ratio_of(cpu, rows[i], 1)
    ratio = ratio_of(speed, rows[i], 0)
    printf "| %s | %s | %s | %.2f (%.2f to %.2f) | %.2f | %s |\n", name,
      thousands(median_of(speed, rows[i], "ours")), thousands(median_of(speed, rows[i], "reference")),
      ratio, least, most, by_cpu, target
  }
}
