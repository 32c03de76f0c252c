import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize("address", ["/legnano/cerca/?q=lavoro&page=1000000000", "/legnano/servizi/?page=77"])
def test_a_page_behind_the_last_says_where_the_list_ends(visitor: FlaskClient, address: str) -> None:
    answer = visitor.get(address)
    assert answer.status_code == 200
    assert "Questa pagina non c’è" in answer.text and "L’elenco finisce alla pagina 2." in answer.text
    assert "page=2" in answer.text and "Non abbiamo trovato niente" not in answer.text
