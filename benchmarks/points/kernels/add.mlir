// x + y of $rows x $columns numbers.
#map = affine_map<(i, j) -> (i, j)>
func.func @main(%x: tensor<$rowsx$columnsx$dtype>, %y: tensor<$rowsx$columnsx$dtype>) -> tensor<$rowsx$columnsx$dtype> {
  %empty = tensor.empty() : tensor<$rowsx$columnsx$dtype>
  %out = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]} ins(%x, %y : tensor<$rowsx$columnsx$dtype>, tensor<$rowsx$columnsx$dtype>) outs(%empty : tensor<$rowsx$columnsx$dtype>) {
  ^bb0(%in_x: $dtype, %in_y: $dtype, %old: $dtype):
    %z = arith.addf %in_x, %in_y : $dtype
    linalg.yield %z : $dtype
  } -> tensor<$rowsx$columnsx$dtype>
  return %out : tensor<$rowsx$columnsx$dtype>
}
