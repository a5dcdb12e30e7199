// gelu by its tanh form of $rows x $columns numbers.
#map = affine_map<(i, j) -> (i, j)>
func.func @main(%x: tensor<$rowsx$columnsx$dtype>) -> tensor<$rowsx$columnsx$dtype> {
  %empty = tensor.empty() : tensor<$rowsx$columnsx$dtype>
  %out = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<$rowsx$columnsx$dtype>) outs(%empty : tensor<$rowsx$columnsx$dtype>) {
  ^bb0(%in_x: $dtype, %old: $dtype):
    %half = arith.constant 0.5 : $dtype
    %one = arith.constant 1.0 : $dtype
    %c = arith.constant 0.044715 : $dtype
    %r = arith.constant 0.7978845608 : $dtype
    %x2 = arith.mulf %in_x, %in_x : $dtype
    %x3 = arith.mulf %x2, %in_x : $dtype
    %cx = arith.mulf %x3, %c : $dtype
    %s = arith.addf %in_x, %cx : $dtype
    %rs = arith.mulf %s, %r : $dtype
    %t = math.tanh %rs : $dtype
    %t1 = arith.addf %t, %one : $dtype
    %h = arith.mulf %in_x, %half : $dtype
    %z = arith.mulf %h, %t1 : $dtype
    linalg.yield %z : $dtype
  } -> tensor<$rowsx$columnsx$dtype>
  return %out : tensor<$rowsx$columnsx$dtype>
}
