// The exponential of $rows x $columns numbers.
#map = affine_map<(i, j) -> (i, j)>
func.func @main(%x: tensor<$rowsx$columnsx$dtype>) -> tensor<$rowsx$columnsx$dtype> {
  %empty = tensor.empty() : tensor<$rowsx$columnsx$dtype>
  %out = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<$rowsx$columnsx$dtype>) outs(%empty : tensor<$rowsx$columnsx$dtype>) {
  ^bb0(%in_x: $dtype, %old: $dtype):
    %z = math.exp %in_x : $dtype
    linalg.yield %z : $dtype
  } -> tensor<$rowsx$columnsx$dtype>
  return %out : tensor<$rowsx$columnsx$dtype>
}
